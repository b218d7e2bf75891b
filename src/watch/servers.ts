import type { KeptServer, Senses } from "../host/senses/senses.ts";
import type { ServerTarget, Target } from "../sweep/load/target.ts";

type ServerEvents = {
  readonly closed: (url: string, id: string) => void;
  /** A thread, or all of a server, is no longer known to be closed. */
  readonly reopened: (url: string, id: string | undefined) => void;
  readonly notice: (url: string, words: string) => void;
};

/** So many threads are kept in mind of each server at most. */
const maxThreads = 100_000;

/** Keeps one connection to each app server that is configured. Only what was seen loaded on it can be seen to close. */
export function keepServers(senses: Senses, events: ServerEvents) {
  const kept = new Map<string, KeptServer>();

  function connect({ url, connectTo }: ServerTarget): KeptServer {
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
  }

  function drop(url: string): void {
    kept.get(url)?.close();
    kept.delete(url);
    events.reopened(url, undefined);
  }

  return {
    /** The servers of these registries and no others. */
    keep: (targets: readonly Target[]): void => {
      const configured = targets.flatMap(({ appServers }) => appServers.filter((server) => server.configured));
      const wanted = new Map(configured.map((server) => [server.url, server]));
      for (const url of [...kept.keys()].filter((one) => !wanted.has(one))) drop(url);
      for (const [url, server] of wanted) if (!kept.has(url)) kept.set(url, connect(server));
    },
    count: () => kept.size,
    close: () => {
      for (const one of kept.values()) one.close();
    },
  } as const;
}
