import { deadByAbsence, formatMessage, live, notApplicable, noSign, provenDead, stronger, unknown, type Answer } from "../answer.ts";
import { argvNamesServer } from "../app-servers.ts";
import { formatDuration } from "../duration.ts";
import type { AppServerObservation, ProcessTable, Refusal } from "../evidence.ts";
import type { AppServerProcess } from "../agents/agent-process.ts";
import { canonicalSession } from "../registration.ts";
import type { AppServerAddress, Scene } from "../scene.ts";
import { isServerDown, sawItClose, steadyMs } from "../plan/ending.ts";
import { asksForSession } from "./claim.ts";
import { doubtOf } from "./refusal.ts";
import type { Rung } from "./rung.ts";
import { wholeTable } from "./whole-table.ts";

type Answered = Extract<AppServerObservation, { kind: "answered" }>;

function notLoaded(scene: Scene, server: AppServerAddress, observation: Answered, id: string): Answer {
  const listed = (): string =>
    `${server.url} lists ${observation.loaded.size} thread${observation.loaded.size === 1 ? "" : "s"}, not this one`;
  if (!server.configured) return notApplicable(() => `${listed()}; nobody configured this server`);
  const read = observation.reads.get(id);
  if (read?.kind !== "not-loaded") {
    return unknown(
      "app-server-unreachable",
      () => `${listed()}, but did not confirm it: ${read?.what ?? "the thread was not asked for by its id"}`,
    );
  }
  const { upMs } = observation;
  if (!upMs.seen) return unknown("app-server-too-young", () => `${listed()}, but for how long it has been up is not known: ${upMs.why}`);
  const { graceMs } = scene.policy;
  return upMs.value > (sawItClose(scene, server.url) ? Math.min(graceMs, steadyMs) : graceMs)
    ? deadByAbsence("thread-not-loaded", listed)
    : unknown("app-server-too-young", () => `${listed()}, but it has been up for ${formatDuration(upMs.value)} only`);
}

function findServing({ appServers }: ProcessTable, { url }: AppServerAddress): AppServerProcess | undefined {
  return appServers.find(({ argv }) => argvNamesServer(argv, url));
}

/** Refused is down only when no process claims to serve this address: a server that hangs while starting refuses, too. */
function refused(scene: Scene, server: AppServerAddress, observation: Refusal): Answer {
  const refusal = (): string => `${server.url} refuses connections`;
  if (!server.configured) return notApplicable(() => `${refusal()}; nobody configured this server`);
  const doubt = doubtOf(observation, server.url, "app-server-unreachable");
  if (doubt !== undefined) return doubt;
  const { processes } = scene.evidence;
  const serving = processes.seen ? findServing(processes.value, server) : undefined;
  if (serving !== undefined) return unknown("app-server-unreachable", () => `${refusal()}, though pid ${serving.pid} is to serve it`);
  const table = wholeTable(scene);
  if (!table.seen) return unknown("process-table-blind", () => `${refusal()}; ${table.why}`);
  return deadByAbsence("app-server-down", () => `${refusal()}, and no process is to serve it`);
}

function askServer(scene: Scene, server: AppServerAddress, sessionId: string): Answer {
  const observation = scene.evidence.appServers.get(server.url);
  if (observation === undefined) return unknown("app-server-unreachable", () => `nobody asked ${server.url}`);
  switch (observation.kind) {
    case "answered": {
      const id = canonicalSession(sessionId);
      return observation.loaded.has(id)
        ? live("thread-loaded", () => `loaded on ${server.url}`)
        : notLoaded(scene, server, observation, id);
    }
    case "refused":
      return refused(scene, server, observation);
    case "unanswered":
      return unknown("app-server-unreachable", () => `${server.url}: ${observation.why}`);
  }
}

/**
 * The word of the registry's owner and that of its servers are two looks at one end: the death is proven where each
 * configured server says that the thread is not loaded. Where one is down, and has said nothing, that is the reason.
 */
function weighed(scene: Scene, answers: readonly Answer[], strongest: Answer): Answer {
  if (strongest.kind !== "dead") return strongest;
  if (isServerDown(scene)) return answers.find((one) => one.kind === "dead" && one.reason === "app-server-down") ?? strongest;
  if (!scene.policy.ownersWord) return strongest;
  return provenDead("thread-not-loaded", () => `its owner says that it has ended; ${formatMessage(strongest.detail)}`);
}

function askServers(scene: Scene, sessionId: string): Answer {
  const answers = scene.registry.appServers.map((server) => askServer(scene, server, sessionId));
  return weighed(scene, answers, answers.reduce(stronger, noSign));
}

export const appServerThread = {
  name: "app-server-thread",
  role: "evidence",
  rule: "A thread that an app server has loaded keeps its entry; every configured server without it condemns it.",
  ask: (scene) => {
    const { sessionId } = scene.claim;
    const servers = scene.registry.appServers;
    if (sessionId === undefined || servers.length === 0) {
      return notApplicable(servers.length === 0 ? "no app server to ask" : "it names no thread");
    }
    return asksForSession(scene) ? askServers(scene, sessionId) : notApplicable("its process alone counts");
  },
} as const satisfies Rung;
