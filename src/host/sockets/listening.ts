import type { Server, Socket } from "node:net";
import { errorCode } from "../observed.ts";

/** What a listener says to a process that connects: the words end the connection. */
export type Answer = () => string;

/** Listens at an address for as long as the process lives; it does not keep the process from ending. */
export async function listenAt(address: string, answer: Answer): Promise<Server | "taken"> {
  const { createServer } = await import("node:net");
  return new Promise((resolve, reject) => {
    const server = createServer((socket: Socket) => {
      socket.on("error", () => undefined);
      socket.end(answer());
    });
    server.once("error", (error) => (errorCode(error) === "EADDRINUSE" ? resolve("taken") : reject(error)));
    server.listen(address, () => resolve(server.unref()));
  });
}

/**
 * Whether a process listens at a path. The kernel refuses where the listener has ended, however it did; every other error, a
 * full queue or a missing right, comes of one that is there.
 */
export async function listenerAt(path: string): Promise<"alive" | "dead" | "missing"> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(path);
    const finish = (found: "alive" | "dead" | "missing"): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once("connect", () => finish("alive"));
    socket.once("error", (error) => {
      const code = errorCode(error);
      finish(code === "ENOENT" ? "missing" : code === "ECONNREFUSED" ? "dead" : "alive");
    });
  });
}
