import { statSync } from "node:fs";
import type { EndpointSight } from "../core/evidence.ts";
import type { Endpoint } from "../core/registration.ts";
import { refuses } from "./handles.ts";
import { errorCode, sayError } from "./observed.ts";

const connectMs = 500;

/** Does anything accept connections there? Nothing is sent. */
export async function probeEndpoint(endpoint: Endpoint): Promise<EndpointSight> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(endpoint.kind === "tcp" ? { host: "127.0.0.1", port: endpoint.port } : { path: endpoint.path });
    const finish = (sight: EndpointSight): void => {
      socket.destroy();
      resolve(sight);
    };
    socket.setTimeout(connectMs, () => finish({ kind: "unanswered", why: `no answer within ${connectMs} ms` }));
    socket.once("connect", () => finish({ kind: "accepted" }));
    socket.once("error", (error) => {
      const code = errorCode(error);
      finish(code === "ECONNREFUSED" || code === "ENOENT" ? { kind: "refused" } : { kind: "unanswered", why: sayError(error) });
    });
  });
}

/** Who connects there hears the same (ENOENT), later. */
function isMissing(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/** Does an app server's address refuse, as far as a bare connection can tell? Whatever else it says, it is there to be asked. */
export async function refusesConnections(connectTo: string): Promise<boolean> {
  if (connectTo.startsWith("ws+unix:")) {
    const path = connectTo.slice("ws+unix:".length, -":/".length);
    return isMissing(path) || (await probeEndpoint({ kind: "unix", path })).kind === "refused";
  }
  const { hostname, port } = new URL(connectTo);
  if (hostname !== "127.0.0.1" || port === "") return false;
  return (await refuses(Number(port), connectMs)) ?? (await probeEndpoint({ kind: "tcp", port: Number(port) })).kind === "refused";
}
