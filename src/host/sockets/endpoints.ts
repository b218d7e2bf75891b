import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { EndpointObservation } from "../../core/evidence.ts";
import type { Endpoint } from "../../core/registration.ts";
import { errorCode, formatError } from "../observed.ts";

const connectMs = 500;

/** Does anything accept connections there? Nothing is sent. */
export async function probeEndpoint(endpoint: Endpoint): Promise<EndpointObservation> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(endpoint.kind === "tcp" ? { host: "127.0.0.1", port: endpoint.port } : { path: endpoint.path });
    const finish = (observation: EndpointObservation): void => {
      socket.destroy();
      resolve(observation);
    };
    socket.setTimeout(connectMs, () => finish({ kind: "unanswered", why: `no answer within ${connectMs} ms` }));
    socket.once("connect", () => finish({ kind: "accepted" }));
    socket.once("error", (error) => {
      const code = errorCode(error);
      finish(code === "ECONNREFUSED" || code === "ENOENT" ? { kind: "refused" } : { kind: "unanswered", why: formatError(error) });
    });
  });
}

/** Nothing is there, and the nearest path that exists above it is a directory: a client that connects gets ENOENT, later. */
function isMissing(path: string): boolean {
  try {
    let stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) return false;
    for (let above = path; stat === undefined;) {
      above = dirname(above);
      stat = statSync(above, { throwIfNoEntry: false });
    }
    return stat.isDirectory();
  } catch {
    return false;
  }
}

/** Does an app server's address refuse, as far as a bare connection can tell? A server that says anything else is there to be asked. */
export async function refusesConnections(connectTo: string): Promise<boolean> {
  if (connectTo.startsWith("ws+unix:")) {
    const path = connectTo.slice("ws+unix:".length, -":/".length);
    return isMissing(path) || (await probeEndpoint({ kind: "unix", path })).kind === "refused";
  }
  const port = Number(/^ws:\/\/127\.0\.0\.1:(\d+)\/?$/.exec(connectTo)?.[1]);
  if (!(port >= 1 && port <= 65_535)) return false;
  return (await probeEndpoint({ kind: "tcp", port })).kind === "refused";
}
