import { sha256 } from "../files/digest.ts";
import { errorCode } from "../observed.ts";
import { abstractAddress } from "./abstract-socket.ts";

/** Who holds a session: the launcher, and the command that it runs once it runs it. */
export type LockOwner = { readonly pid: number; readonly command: number | undefined };

export type SessionLock = {
  /** From now on the lock tells others of the command, too. */
  readonly announce: (command: number) => void;
  readonly release: () => void;
};

export type TakenLock =
  | { readonly kind: "held"; readonly lock: SessionLock }
  | { readonly kind: "taken"; readonly by: LockOwner | undefined };

/** A holder that is stopped does not answer; the launcher that asks then does without its name. */
const answerMs = 300;

/** An abstract socket: it dies with its holder, however that ends, so there is no stale lock and no rule about one. */
function addressOf(session: string): string {
  return abstractAddress(`sessreap-session-${sha256(`${process.getuid?.()}:${session}`).slice(0, 32)}`);
}

function readOwner(text: string): LockOwner | undefined {
  const [pid, command] = text.split(" ").map(Number);
  if (pid === undefined || !Number.isInteger(pid) || pid <= 1) return undefined;
  return { pid, command: command !== undefined && Number.isInteger(command) && command > 1 ? command : undefined };
}

async function askOwner(address: string): Promise<LockOwner | undefined> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(address);
    const finish = (): void => {
      socket.destroy();
      resolve(readOwner(text));
    };
    socket.setTimeout(answerMs, finish);
    socket.on("data", (chunk) => (text = (text + chunk.toString("latin1")).slice(0, 100)));
    socket.once("end", finish);
    socket.once("error", finish);
  });
}

/** The lock of one session, under its canonical id, for this user. The kernel lets exactly one process have it. */
export async function takeSessionLock(session: string): Promise<TakenLock> {
  const address = addressOf(session);
  const { createServer } = await import("node:net");
  let command: number | undefined;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(`${process.pid} ${command ?? ""}`);
  });
  const isTaken = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error) => (errorCode(error) === "EADDRINUSE" ? resolve(true) : reject(error)));
    server.listen(address, () => resolve(false));
  });
  if (isTaken) return { kind: "taken", by: await askOwner(address) };
  server.unref();
  return { kind: "held", lock: { announce: (pid) => (command = pid), release: () => void server.close() } };
}
