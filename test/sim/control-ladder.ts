import { deadByAbsence, live, noSign, notApplicable, provenDead, stronger, unknown, type Answer } from "../../src/core/answer.ts";
import { argvNamesServer } from "../../src/core/app-servers.ts";
import { canonicalSession } from "../../src/core/registration.ts";
import type { EndpointObservation } from "../../src/core/evidence.ts";
import type { InnerProcess } from "../../src/core/agents/agent-process.ts";
import type { Scene } from "../../src/core/scene.ts";

/**
 * The rules of sessreap 0.1.0, as a control: they judge the scenes that ours judge, and a world that has been made well
 * breaks them. What 0.1.0 saw otherwise stands in `ControlEvidence`; everything else is in the scene.
 */
export type ControlEvidence = {
  /** Where sessions of the registry had to show, in the words of 0.1.0. */
  readonly presence: "process" | "thread" | "either";
  /** The start token as the entry spells it. */
  readonly startToken: unknown;
  /** The boot id as the entry spells it. */
  readonly bootId: string | undefined;
  /** The state of the leader thread alone. */
  readonly leaderState: (pid: number) => string | undefined;
  /** Whether a writer lock of this thread is held in the one Codex home that was known; undefined where none is asked for. */
  readonly writerLock: "held" | "free" | "unseen" | undefined;
  /** What answers where the entry says that its process listens; 0.1.0 asked that of every entry. */
  readonly endpoint: EndpointObservation["kind"];
  /** Processes in containers by their innermost pid alone. */
  readonly innermost: (pid: number) => readonly InnerProcess[];
};

const agentNames: ReadonlySet<string> = new Set(["codex", "code", "coder", "claude"]);
const agentPackages: ReadonlySet<string> = new Set([
  "@openai/codex",
  "@just-every/code",
  "@anthropic-ai/claude-code",
  "@anthropic-ai/claude-agent-sdk",
]);
const runtimes: ReadonlySet<string> = new Set(["node", "nodejs", "bun", "deno"]);
const valueOptions: ReadonlySet<string> = new Set([
  "-r",
  "--require",
  "--import",
  "--loader",
  "--experimental-loader",
  "-C",
  "--conditions",
]);

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1).replace(/\.(?:js|mjs|cjs|ts)$/, "");

function scriptOf(argv: readonly string[]): string {
  let at = 1;
  while (argv[at]?.startsWith("-") === true) at += valueOptions.has(argv[at] ?? "") ? 2 : 1;
  return argv[at] ?? "";
}

export function isAgentOfControl(argv: readonly string[]): boolean {
  const program = baseName(argv[0] ?? "");
  if (agentNames.has(program) || /^codex-(?:x86_64|aarch64)-/.test(argv[0] ?? "")) return true;
  if (!runtimes.has(program)) return false;
  const script = scriptOf(argv);
  const inside = script.split("node_modules/").at(-1) ?? "";
  return agentNames.has(baseName(script)) || agentPackages.has(inside.split("/").slice(0, 2).join("/"));
}

const tokensOf = (argv: readonly string[]): readonly string[] =>
  argv.slice(1).flatMap((token) => (/^-[^=]*=/.test(token) ? [token, token.slice(token.indexOf("=") + 1)] : [token]));

const statedName = (argv: readonly string[]): string | undefined =>
  argv
    .map((token) => /Your agent name is ([A-Za-z0-9_.-]+)/.exec(token)?.[1]?.replace(/\.+$/, ""))
    .find((name) => name !== undefined && name !== "");

function ticksIn(token: unknown): string | undefined {
  if (typeof token === "number") return String(token);
  return typeof token === "string" && /^\d{1,20}$/.test(token) ? token.replace(/^0+(?=\d)/, "") : undefined;
}

function wholeTable({ evidence, policy }: Scene): Answer | undefined {
  const { processes, here } = evidence;
  const isWhole = processes.seen && processes.value.complete.seen && here.pidNamespace.seen;
  return isWhole && (here.pidNamespace.value.initial || policy.ownPidNamespace) ? undefined : unknown("process-table-blind", "");
}

function elsewhere({ claim, evidence: { here } }: Scene): Answer | undefined {
  if (claim.host !== undefined && claim.host !== here.hostname) return unknown("foreign-host", "");
  if (claim.machineId !== undefined && !(here.machineId?.seen === true && here.machineId.value === claim.machineId))
    return unknown("foreign-host", "");
  if (claim.pid === undefined) return undefined;
  if (!here.pidNamespace.seen) return unknown("foreign-pid-namespace", "");
  const { inode, initial } = here.pidNamespace.value;
  const isOurs = claim.pidNamespace === undefined ? initial : claim.pidNamespace === inode;
  return isOurs ? undefined : unknown("foreign-pid-namespace", "");
}

/** What the pid shows: a boot id that is spelled otherwise, a token in any unit and a name that is not listed condemned it. */
function recordedHolder(scene: Scene, own: ControlEvidence): Answer {
  const { claim, evidence, registry } = scene;
  const abroad = elsewhere(scene);
  if (abroad !== undefined) return abroad;
  const { pid } = claim;
  if (pid === undefined) return notApplicable("");
  if (!evidence.processes.seen) return unknown("process-table-blind", "");
  const table = evidence.processes.value;
  const { bootId } = evidence.here;
  if (own.bootId !== undefined && bootId.seen && own.bootId !== bootId.value) return provenDead("previous-boot", "");
  if (table.ancestors.has(pid)) return live("own-ancestor", "");
  const observation = table.pids.get(pid);
  if (observation?.seen !== true) return unknown("pid-unseen", "");
  const token = ticksIn(own.startToken);
  const judged = ((): Answer => {
    if (observation.value.kind === "gone") return provenDead("pid-gone", "");
    const { startTicks, names } = observation.value;
    if (["Z", "X"].includes(own.leaderState(pid) ?? "")) return provenDead("pid-zombie", "");
    if (token !== undefined) return !startTicks.seen || startTicks.value === token ? live("pid-alive", "") : provenDead("pid-reused", "");
    const possible = registry.holderNames;
    if (possible === undefined || !names.seen || names.value.some((name) => possible.includes(baseName(name))))
      return live("pid-alive", "");
    return claim.endpoint === undefined ? provenDead("pid-reused", "") : notApplicable("");
  })();
  if (judged.kind === "live" || claim.pidNamespace !== undefined) return judged;
  if (!table.innerPids.seen) return unknown("pid-unseen", "");
  const isInside = own.innermost(pid).some(({ startTicks, agent }) => (token === undefined ? agent : startTicks === token));
  return isInside ? live("inner-pid-alive", "") : judged;
}

function attachedCli(scene: Scene): Answer {
  const { sessionId } = scene.claim;
  const identity = scene.registry.statedBehind === undefined ? undefined : scene.claim.identity;
  const { processes } = scene.evidence;
  if (sessionId === undefined && scene.claim.identity === undefined) return noSign;
  const id = sessionId === undefined ? undefined : canonicalSession(sessionId);
  const names = ({ argv }: { readonly argv: readonly string[] }): boolean =>
    isAgentOfControl(argv) &&
    (tokensOf(argv).some((token) => canonicalSession(token) === id) || (identity !== undefined && statedName(argv) === identity));
  if (processes.seen && processes.value.agents.some(names)) return live("attached-cli", "");
  return wholeTable(scene) ?? notApplicable("");
}

function askEndpoint({ claim }: Scene, holder: Answer, kind: ControlEvidence["endpoint"]): Answer {
  if (claim.endpoint === undefined) return noSign;
  if (kind === "unanswered") return unknown("endpoint-unanswered", "");
  if (kind === "accepted")
    return holder.kind === "not-applicable" && claim.pid !== undefined ? unknown("endpoint-open", "") : notApplicable("");
  return holder.kind === "dead" || holder.kind === "not-applicable" ? deadByAbsence("endpoint-closed", "") : notApplicable("");
}

function attachedProcess(scene: Scene, own: ControlEvidence): Answer {
  const { claim } = scene;
  const recorded = recordedHolder(scene, own);
  const holder = recorded.kind === "dead" && own.presence === "thread" ? notApplicable("") : recorded;
  const locks = { held: live("open-file", ""), free: notApplicable(""), unseen: unknown("process-table-blind", "") } as const;
  const lock = own.writerLock === undefined || claim.sessionId === undefined ? noSign : locks[own.writerLock];
  const answer = [attachedCli(scene), lock, askEndpoint(scene, holder, own.endpoint)].reduce(stronger, holder);
  const isNamed = claim.pid !== undefined || claim.sessionId !== undefined || claim.identity !== undefined;
  if (answer.kind !== "not-applicable" || own.presence !== "process") return answer;
  // "No process holds it": what its lists did not know it took for absent.
  return wholeTable(scene) ?? (isNamed ? deadByAbsence("holder-gone", "") : answer);
}

function appServerThread(scene: Scene): Answer {
  const { claim, registry, evidence, policy } = scene;
  const { sessionId } = claim;
  if (sessionId === undefined) return noSign;
  const id = canonicalSession(sessionId);
  const answers = registry.appServers.map(({ url, configured }): Answer => {
    const said = evidence.appServers.get(url) ?? { kind: "unanswered" as const };
    if (said.kind === "unanswered") return unknown("app-server-unreachable", "");
    if (said.kind === "answered" && said.loaded.has(id)) return live("thread-loaded", "");
    if (!configured) return notApplicable("");
    if (said.kind === "refused") {
      const { processes } = evidence;
      const isServed = processes.seen && processes.value.appServers.some(({ argv }) => argvNamesServer(argv, url));
      return isServed ? unknown("app-server-unreachable", "") : (wholeTable(scene) ?? deadByAbsence("app-server-down", ""));
    }
    if (said.reads.get(id)?.kind !== "not-loaded") return unknown("app-server-unreachable", "");
    return said.upMs.seen && said.upMs.value > policy.graceMs
      ? deadByAbsence("thread-not-loaded", "")
      : unknown("app-server-too-young", "");
  });
  return answers.reduce(stronger, noSign);
}

/** The newest of these times, epoch ms, that is not in the future. */
const newest = (nowMs: number, times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((at, one) => (one !== undefined && one <= nowMs && one > (at ?? -Infinity) ? one : at), undefined);

function isYoung({ claim, registry, evidence, memory, policy }: Scene): boolean {
  const { wallMs } = evidence.clock;
  const { modifiedAt, oneFile } = registry;
  if (!wallMs.seen || !modifiedAt.seen) return true;
  const { registeredAt, lastActivityAt } = claim;
  const at = newest(wallMs.value, [registeredAt, lastActivityAt, oneFile ? modifiedAt.value : undefined]);
  const stated = at === undefined ? Math.max(wallMs.value - modifiedAt.value, memory.seenForMs) : wallMs.value - at;
  return (memory.clockStepped ? memory.seenForMs : stated) < policy.graceMs;
}

/** Silence by the two times alone that an entry states, and acted on at the first look. */
function ttl({ claim, evidence, memory, policy }: Scene): Answer {
  const { wallMs } = evidence.clock;
  const at = memory.clockStepped || !wallMs.seen ? undefined : newest(wallMs.value, [claim.registeredAt, claim.lastActivityAt]);
  const silentMs = at === undefined || !wallMs.seen ? memory.seenForMs : wallMs.value - at;
  return silentMs > policy.ttlMs ? provenDead("ttl-expired", "") : unknown("within-ttl", "");
}

/** What 0.1.0 says of an entry. */
export function controlAnswer(scene: Scene, own: ControlEvidence): Answer {
  if (scene.memory.restored) return unknown("restored", "");
  if (isYoung(scene)) return unknown("within-grace", "");
  const answer = stronger(attachedProcess(scene, own), appServerThread(scene));
  return answer.kind === "not-applicable" ? ttl(scene) : answer;
}
