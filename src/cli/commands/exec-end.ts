import { canonicalSession } from "../../core/registration.ts";
import { baseName, launchedTarget } from "../../core/agents/agents.ts";
import { leftBehind, type Command } from "../../core/harnesses/left-behind.ts";
import type { ProcessRow } from "../../core/agents/process-tree.ts";
import type { Host } from "../../host/host.ts";
import type { RunLock } from "../../host/state/run-lock.ts";
import { formatProcess } from "../../report/owners-text.ts";
import { visible } from "../../report/visible.ts";
import { describeProcess } from "../../ownership/describe-owners.ts";
import { lookAtOwners, type OwnersQuestion } from "../../ownership/owners.ts";
import { noWord, reapChosen } from "../../sweep/reap-one.ts";
import { endChildren, recordRetired } from "../../ownership/retire.ts";
import type { Invocation } from "../context.ts";
import { writeWarnings } from "../messages.ts";
import { writeLines } from "../output.ts";
import { stateFailure, type Prepared } from "../prepare.ts";
import type { ExecOptions } from "./exec-admission.ts";

/** Says each warning once, though several of its acts meet the same trouble. */
type Warn = (warnings: readonly string[]) => Promise<void>;

export function warnOnce({ stderr }: Invocation<ExecOptions>): Warn {
  const said = new Set<string>();
  return (warnings) => {
    const fresh = warnings.filter((warning) => !said.has(warning));
    for (const warning of fresh) said.add(warning);
    return writeWarnings(stderr, fresh);
  };
}

/** While something stands in the way of a reaping it is tried again after so many ms. */
const pollMs = 250;
/** A holder whose last process is still ending, or a sweep at work, is given so many polls. */
const reapPolls = 8;

/** What runs under a pid right after its start, by which its background children are told. `env` may stand before a script's runtime yet. */
export function commandAt(host: Host, pid: number, name: string): Command | undefined {
  const observation = host.lookAtTree();
  const process = observation.seen ? observation.value.tree.get(pid) : undefined;
  if (process === undefined) return undefined;
  const script = launchedTarget(process.argv) ?? process.argv.slice(1).find((word) => baseName(word) === baseName(name));
  return { process, program: host.programOf(process, script) };
}

const shownOthers = 20;

/**
 * Lists what the command left behind; ends the background children that are proven to be its own, when that was asked for.
 * Returns what could not be kept of that.
 */
export async function endLeftBehind(
  { options, stderr }: Invocation<ExecOptions>,
  host: Host,
  question: OwnersQuestion,
  session: string,
  command: Command | undefined,
): Promise<readonly string[]> {
  const observation = await lookAtOwners(host, question, session);
  if (!observation.seen) return [];
  const { signs } = observation.value;
  const { agents, others } = leftBehind(signs, host.markedProcesses(signs.tree), command);
  const lineOf = (row: ProcessRow, agent: string): string => `sessreap:   ${formatProcess(describeProcess(host, row, agent))}`;
  if (agents.length > 0) {
    const count = agents.length === 1 ? "1 background child is" : `${agents.length} background children are`;
    await writeLines(stderr, [`sessreap: ${count} left:`, ...agents.map(({ process: row, agent }) => lineOf(row, agent))]);
  }
  if (options.reapChildren !== true || agents.length + others.length === 0) return [];
  const ending = agents.filter(({ stays }) => stays === undefined);
  const outcomes = await endChildren(host, session, ending);
  const unrecorded = await recordRetired(host, "exec --reap-children", outcomes);
  const ended = outcomes.filter(({ became }) => became === "ended").length;
  const kept = agents.flatMap(({ process: row, agent, stays }) =>
    stays === undefined ? [] : [`${lineOf(row, agent)}  ${visible(stays)}`],
  );
  const rest = others.map((row) => lineOf(row, baseName(row.argv[0] ?? "")));
  const alone = [...kept, ...rest];
  await writeLines(stderr, [
    ...(agents.length > 0 ? [`sessreap: ${ended} of ${agents.length} ended`] : []),
    ...(alone.length > 0 ? ["sessreap: left alone:", ...alone.slice(0, shownOthers)] : []),
    ...(alone.length > shownOthers ? [`sessreap:   and ${alone.length - shownOthers} more`] : []),
  ]);
  return unrecorded;
}

/** Reaps the registration of a session whose end we observed. What stands in the way is only reported. */
export async function reapRegistration(warn: Warn, { host, settings, examine: question }: Prepared<Host>, session: string): Promise<void> {
  const reportStays = (text: string): Promise<void> => warn([`the registration stays: ${text}`]);
  for (let attempt = 1; ; attempt += 1) {
    let lock: RunLock | undefined;
    try {
      lock = await host.store.takeRunLock();
    } catch (error) {
      return reportStays(stateFailure(settings.stateDir.value, error).message);
    }
    const isLast = attempt === reapPolls;
    if (lock === undefined) {
      if (isLast) return reportStays("a sweep is running, which will judge it");
      await host.sleep(pollMs);
      continue;
    }
    try {
      const {
        entries,
        refusal: doubt,
        unrecorded,
      } = await reapChosen(host, {
        ...question,
        lookAnyway: true,
        command: "exec",
        stop: { signal: undefined },
        exitObserved: true,
        word: noWord,
        accept: () => undefined,
        fits: ({ entry: { claim } }) =>
          claim.ok && claim.registration.sessionId !== undefined && canonicalSession(claim.registration.sessionId) === session ? 1 : 0,
      });
      await warn(unrecorded);
      if (doubt !== undefined) return reportStays(doubt);
      const tryAgain = entries.some(({ reason, action }) => reason === "pid-alive" || action === "busy");
      const stays = entries.find(({ action }) => action === "failed" || action === "withheld" || (isLast && action === "busy"));
      if (stays !== undefined) return reportStays(stays.detail);
      if (!tryAgain || isLast) return;
    } finally {
      lock.release();
    }
    await host.sleep(pollMs);
  }
}
