import { argvNamesServer } from "../core/app-servers.ts";
import type { ProcessTable } from "../core/evidence.ts";
import { listenerAmong, startedAtMs, type Listening } from "./processes/listeners.ts";

function listeningAt(connectTo: string): Listening {
  if (connectTo.startsWith("ws+unix:")) return { kind: "unix", path: connectTo.slice("ws+unix:".length, -":/".length) };
  const { port } = new URL(connectTo);
  return { kind: "tcp", port: Number(port === "" ? 80 : port) };
}

/** When the process that listens there started, in ms since boot. Those that say they serve it are looked at first. */
export function upSince(url: string, connectTo: string, { appServers, agents }: ProcessTable): number | undefined {
  const started = new Map([...agents, ...appServers].map(({ pid, startTicks }) => [pid, startTicks]));
  const named = appServers.filter(({ argv }) => argvNamesServer(argv, url)).map(({ pid }) => pid);
  const listener = listenerAmong(listeningAt(connectTo), [...new Set([...named, ...started.keys()])]);
  const startTicks = listener === undefined ? undefined : started.get(listener);
  return startTicks === undefined ? undefined : startedAtMs(startTicks);
}
