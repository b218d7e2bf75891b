import type { Senses } from "../host/senses/senses.ts";
import type { Target } from "../sweep/load/target.ts";

type ServerEvents = {
  readonly closed: (url: string, id: string) => void;
  /** A thread, or all of a server, is no longer known to be closed. */
  readonly reopened: (url: string, id: string | undefined) => void;
  readonly notice: (url: string, words: string) => void;
};

/** So many threads are kept in mind of each server at most. */
const maxThreads = 100_000;

/** Keeps one connection to each app server that is configured. Only what was seen loaded on it can be seen to close. */
export function keepServers(senses: Senses, targets: readonly Target[], events: ServerEvents) {
  const configured = targets.flatMap(({ appServers }) => appServers.filter((server) => server.configured));
  const servers = new Map(configured.map((server) => [server.url, server]));
  const kept = [...servers.values()].map(({ url, connectTo }) => {
    let loaded: Set<string> | undefined;
    let isLost = false;
    return senses.server(connectTo, {
      connected: (threads) => {
        loaded = new Set(threads);
        events.reopened(url, undefined);
        if (isLost) events.notice(url, `connected to ${url} again`);
        isLost = false;
      },
      loaded: (id) => {
        if (loaded !== undefined && loaded.size < maxThreads) loaded.add(id);
        events.reopened(url, id);
      },
      closed: (id) => {
        if (loaded?.delete(id) === true) events.closed(url, id);
      },
      lost: (why) => {
        if (loaded !== undefined) events.reopened(url, undefined);
        loaded = undefined;
        // Each attempt that fails has words of its own; that there is no connection is said once.
        if (isLost) return;
        isLost = true;
        events.notice(url, `no connection to ${url}, whose threads are judged by sweeps alone: ${why}`);
      },
    });
  });
  return {
    count: kept.length,
    close: () => {
      for (const one of kept) one.close();
    },
  } as const;
}
