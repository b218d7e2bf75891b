import { canonicalSession } from "../../core/registration.ts";
import { baseName, launchedTarget } from "../../core/agents/agents.ts";
import { leftBehind, type Command } from "../../core/harnesses/left-behind.ts";
import type { ProcessRow } from "../../core/agents/process-tree.ts";
import { loadLibraries } from "../../host/libraries.ts";
import type { Host } from "../../host/host.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { RunLock } from "../../host/state/run-lock.ts";
import { formatProcess } from "../../report/owners-text.ts";
import { visible } from "../../report/visible.ts";
import { describeProcess } from "../../ownership/describe-owners.ts";
import { conflictChoices, enter, type Admission, type ConflictChoice, type Contender } from "../../ownership/admission.ts";
import { lookAtOwners, type OwnersQuestion } from "../../ownership/owners.ts";
import { noWord, reapChosen } from "../../sweep/reap-one.ts";
import { endChildren, recordRetired } from "../../ownership/retire.ts";
import type { Invocation, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeWarnings } from "../messages.ts";
import { writeLines } from "../output.ts";
import { prepare, stateFailure, type Prepared } from "../prepare.ts";
import type { JudgingOptions } from "../config/settings.ts";

type ExecOptions = JudgingOptions & { readonly session?: string; readonly onConflict: string; readonly reapChildren?: boolean };

/** Says each warning once, though several of its acts meet the same trouble. */
type Warn = (warnings: readonly string[]) => Promise<void>;

function warnOnce({ stderr }: Invocation<ExecOptions>): Warn {
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

function formatContender(host: LookingHost, { harness, launcher }: Contender): string {
  const member = harness?.members[0];
  if (harness !== undefined && member !== undefined) {
    const possible = harness.possible === undefined ? "" : `  (possibly: ${visible(harness.possible)})`;
    return `${formatProcess(describeProcess(host, member, harness.agent))}${possible}`;
  }
  const observation = launcher === undefined ? undefined : host.lookAtTree();
  const row = observation?.seen === true ? observation.value.tree.get(launcher ?? 0) : undefined;
  if (row !== undefined) return formatProcess(describeProcess(host, row, "sessreap exec"));
  return "another sessreap exec, which does not answer (stopped from its terminal?)";
}

function refusal(host: LookingHost, session: string, contenders: readonly Contender[]): string {
  return [
    `session ${visible(session)} is already run by`,
    ...contenders.map((contender) => `  ${formatContender(host, contender)}`),
    "choose: --on-conflict refuse (the default: leave it alone), wait (start when it has ended) or retire (end it first)",
  ].join("\n");
}

/** Waits for the session as the user chose, and gives the lock that admits the command, with what is to be said, or ends the run. */
async function lockSession(
  { stderr }: Invocation<ExecOptions>,
  host: Host,
  question: OwnersQuestion,
  session: string,
  choice: ConflictChoice,
): Promise<Extract<Admission, { kind: "admitted" }>> {
  const admission = await enter(host, question, session, choice, (contenders) =>
    writeLines(
      stderr,
      contenders.map((contender) => `sessreap: waiting for ${formatContender(host, contender)}`),
    ),
  );
  if (admission.kind === "blind") throw new Failure("refused", `whether anybody runs the session cannot be seen: ${admission.why}`);
  if (admission.kind === "busy") throw new Failure("busy", refusal(host, session, admission.contenders));
  if (admission.kind === "not-retired")
    throw new Failure("refused", `${refusal(host, session, admission.contenders)}\nit was not retired: ${admission.problem}`);
  return admission;
}

/** What runs under a pid right after its start, by which its background children are told. `env` may stand before a script's runtime yet. */
function commandAt(host: Host, pid: number, name: string): Command | undefined {
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
async function endLeftBehind(
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
async function reapRegistration(warn: Warn, { host, settings, examine: question }: Prepared<Host>, session: string): Promise<void> {
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

export const runExec: Run<ExecOptions> = async (invocation) => {
  const { words, options, env, stderr } = invocation;
  if (options.session === undefined || options.session === "") throw new Failure("usage", "exec: name the session with --session ID");
  const choice = conflictChoices.find((one) => one === options.onConflict);
  if (choice === undefined)
    throw new Failure("usage", `--on-conflict: "${options.onConflict}" is not one of ${conflictChoices.join(", ")}`);
  const session = canonicalSession(options.session);
  const prepared = await prepare(invocation);
  const { host, examine } = prepared;
  await loadLibraries();
  const warn = warnOnce(invocation);
  const { lock, warnings } = await lockSession(invocation, host, examine, session, choice);
  let command: Command | undefined;
  const onStart = (pid: number): void => {
    lock.announce(pid);
    if (options.reapChildren === true) command = commandAt(host, pid, words[0] ?? "");
  };
  try {
    await warn(warnings);
    const { exitCode, problem } = await host.runCommand(words, env, onStart);
    if (problem !== undefined) await writeLines(stderr, [`sessreap: ${visible(words[0] ?? "")}: ${visible(problem)}`]);
    else {
      await warn(await endLeftBehind(invocation, host, examine, session, command));
      await reapRegistration(warn, prepared, session);
    }
    return exitCode;
  } finally {
    lock.release();
  }
};
