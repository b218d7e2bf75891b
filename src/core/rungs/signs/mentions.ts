import { tokensOf } from "../../agents/argv.ts";
import { roleOf } from "../../agents/carriers.ts";
import { idsOf } from "../../agents/mentions/sought.ts";
import { live, noSign, notApplicable, stronger, unknown, type Answer } from "../../answer.ts";
import type { Mention, Mentions } from "../../evidence.ts";
import { isRuledOut } from "../../policy.ts";
import { canonicalSession } from "../../registration.ts";
import type { Scene } from "../../scene.ts";
import { wholeTable } from "../whole-table.ts";
import type { Sign } from "./sign.ts";

const uncarried = notApplicable("no process carries its id");

/** An agent that was started with the id runs it; in a text the id may be only what the agent talks about. */
function answerTo({ carrier, manner, path, writes }: Mention, { registry, policy }: Scene): Answer {
  const { kind, name } = roleOf(carrier, policy.programs, registry.holderNames);
  const who = `${name} (pid ${carrier.pid})`;
  if (kind === "bystander") return notApplicable(() => `${who} carries its id and runs no session`);
  if (kind === "reader" && writes.seen && !writes.value) return notApplicable(() => `${who} only reads of it`);
  const what = (): string =>
    manner === "open-file"
      ? `holds ${path} open`
      : manner === "argument"
        ? "names the session in its arguments"
        : "names the session in a text";
  if (kind === "agent" && manner !== "text") {
    return live(manner === "open-file" ? "open-file" : "attached-cli", () => `${who} ${what()}`);
  }
  if (isRuledOut(policy, carrier)) return notApplicable(() => `${who} ${what()}, and does not run it, as an operator says`);
  return unknown("mentioned", () => `${who} ${what()}, and whether it runs it cannot be told`);
}

/** Agents whose open files could not be looked at, of a user who can have written the entry. */
function closedTo({ closed }: Mentions, { registry, policy }: Scene): Answer {
  for (const { carrier, why } of closed) {
    if (registry.writer !== undefined && registry.writer !== carrier.uid) continue;
    const { kind, name } = roleOf(carrier, policy.programs, registry.holderNames);
    if (kind === "bystander" || kind === "reader") continue;
    return unknown("process-table-blind", () => `the open files of ${name} (pid ${carrier.pid}) could not be looked at: ${why}`);
  }
  return noSign;
}

/**
 * An id too short to be looked for, or a number, means nothing in most processes, but as a whole argument of an agent it is
 * its session. Elsewhere it shows nowhere: only where all processes are visible may the next rungs go on.
 */
function unsought(scene: Scene, sessionId: string): Answer {
  const { processes } = scene.evidence;
  const id = canonicalSession(sessionId);
  const agent = processes.seen
    ? processes.value.agents.find(({ argv }) => tokensOf(argv).some((token) => canonicalSession(token) === id))
    : undefined;
  if (agent !== undefined) return live("attached-cli", () => `${agent.agent} (pid ${agent.pid}) names the session in its arguments`);
  const table = wholeTable(scene);
  return table.seen ? notApplicable("its id is too short to be looked for") : unknown("process-table-blind", table.why);
}

/** A process that carries the session's id in its arguments, or holds a file open whose path carries it. */
export const mentioned: Sign = {
  name: "mentions",
  shows: "session",
  ask: (scene) => {
    const { mentions } = scene.evidence;
    const ids = idsOf(scene.claim, scene.registry);
    if (ids.length === 0) return scene.claim.sessionId === undefined ? noSign : unsought(scene, scene.claim.sessionId);
    if (!mentions.seen) return unknown("process-table-blind", mentions.why);
    let answer: Answer = noSign;
    for (const id of ids) {
      for (const mention of mentions.value.bySession.get(id) ?? []) answer = stronger(answer, answerTo(mention, scene));
    }
    if (answer.kind === "live" || answer.kind === "unknown") return answer;
    const closed = closedTo(mentions.value, scene);
    if (closed !== noSign) return closed;
    const table = wholeTable(scene);
    if (!table.seen) return unknown("process-table-blind", table.why);
    return answer === noSign ? uncarried : answer;
  },
};
