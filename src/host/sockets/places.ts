import { serverPlace, type ServerPlace } from "../../core/app-servers.ts";

/** Where a client connects for an address: `ws+unix:PATH:/`, or the address itself. */
export function placeToConnect(connectTo: string): ServerPlace | undefined {
  if (!connectTo.startsWith("ws+unix:")) return serverPlace(connectTo);
  return { kind: "unix", path: connectTo.slice("ws+unix:".length, -":/".length) };
}
