import { connect } from "node:net";
import type { EndpointSight } from "../core/evidence.ts";
import type { Endpoint } from "../core/registration.ts";
import { errorCode, sayError } from "./observed.ts";

const connectMs = 500;

/** Does anything accept connections there? Nothing is sent. */
export function probeEndpoint(endpoint: Endpoint): Promise<EndpointSight> {
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
