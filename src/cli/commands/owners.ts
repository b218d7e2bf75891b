import { canonicalSession } from "../../core/registration.ts";
import type { RetiredProcess, Retiree, Wanted } from "../../core/harnesses/retirement.ts";
import type { Host } from "../../host/host.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { exitCodes } from "../../report/exit-code.ts";
import type { OwnersReport } from "../../report/model/owners.ts";
import { ownersText, formatProcess } from "../../report/owners-text.ts";
import { nameless, resolveId } from "../../report/listing/resolve.ts";
import { visible } from "../../report/visible.ts";
import { describeOwners, describeProcess } from "../../ownership/describe-owners.ts";
import { lookAtOwners, type OwnersQuestion, type OwnersObservation } from "../../ownership/owners.ts";
import { retireWanted } from "../../ownership/retire.ts";
import { confirmed } from "../confirm.ts";
import type { Invocation, OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeMessages, writeWarnings, type Message } from "../messages.ts";
import { belowHome } from "../config/paths.ts";
import { screenFor } from "../screen.ts";
import { command } from "../../report/screen/wrap.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { prepare } from "../prepare.ts";
import type { JudgingOptions } from "../config/settings.ts";

type OwnersOptions = JudgingOptions &
  OutputOptions & { readonly session?: string; readonly retire?: string; readonly yes?: boolean; readonly exitCode?: boolean };

function wantedFrom(text: string): Wanted {
  if (text === "older") return { kind: "older" };
  if (/^[1-9]\d{0,9}$/.test(text)) return { kind: "pid", pid: Number(text) };
  throw new Failure("usage", `--retire: "${text}" is neither "older" nor a pid`);
}

/** `only` is the one session that was asked for; then nothing of any other is shown or ended. */
async function look(host: LookingHost, question: OwnersQuestion, only: string | undefined): Promise<OwnersObservation> {
  const observation = await lookAtOwners(host, question, only);
  if (!observation.seen) throw new Failure("refused", `the processes cannot be seen: ${observation.why}`);
  if (only === undefined) return observation.value;
  const sessions = observation.value.ownership.sessions.filter(({ sessionId }) => sessionId === canonicalSession(only));
  return { ...observation.value, ownership: { sessions, unattributed: [] } };
}

/** The session that a word means, as a screen shows it or by a pid of its own; the word itself where none is called so. */
async function sessionCalled(host: LookingHost, question: OwnersQuestion, word: string): Promise<string> {
  if ((await look(host, question, word)).ownership.sessions.length > 0) return word;
  const { sessions } = (await look(host, question, undefined)).ownership;
  const meant = resolveId(word, sessions, ({ sessionId }) => ({ ...nameless, format: "", key: sessionId, sessionId }));
  const byPid = sessions.filter(({ harnesses }) => harnesses.some(({ members }) => members.some(({ pid }) => String(pid) === word)));
  const [only, ...others] = meant.length === 0 ? byPid : meant;
  if (others.length === 0) return only?.sessionId ?? word;
  const lines = meant.map(({ sessionId }) => `  ${visible(sessionId)}`);
  throw new Failure("usage", [`--session: "${visible(word)}" is ${meant.length} sessions`, ...lines].join("\n"));
}

/** Shows the processes that are to go and asks whether they may. */
async function confirmRetirement({ stderr }: Invocation<OwnersOptions>, host: LookingHost, retirees: readonly Retiree[]): Promise<boolean> {
  const lines = retirees.flatMap(({ session, harness }) => [
    `end what runs ${visible(session.sessionId)}:`,
    ...harness.members.map((row) => `  ${formatProcess(describeProcess(host, row, harness.agent))}`),
    ...harness.children.flatMap(({ process: row, agent, stays }) =>
      stays === undefined ? [`  child ${formatProcess(describeProcess(host, row, agent))}`] : [],
    ),
  ]);
  await writeLines(stderr, lines);
  const answer = await confirmed({ stderr }, "End these processes?");
  if (answer === undefined) throw new Failure("usage", "nothing was ended: nobody can be asked here", "do: say --yes");
  if (!answer) await writeMessages(stderr, [{ label: "note", text: "nothing was ended" }], "auto");
  return answer;
}

async function endWanted(
  invocation: Invocation<OwnersOptions>,
  host: Host,
  question: OwnersQuestion,
  wanted: Wanted,
): Promise<{ readonly processes: readonly RetiredProcess[]; readonly notes: readonly string[] }> {
  const { session, yes } = invocation.options;
  const confirm = yes === true ? undefined : (retirees: readonly Retiree[]) => confirmRetirement(invocation, host, retirees);
  const retired = await retireWanted(host, () => look(host, question, session), wanted, confirm);
  if (!retired.ok) throw new Failure(retired.unknown ? "not-found" : "refused", `nothing was ended: ${retired.why}`);
  return retired;
}

/** What can be done about duplicates; nothing is said of what must not be ended. */
function nextFor({ sessions, retired }: OwnersReport): readonly Message[] {
  const older = sessions.flatMap(({ duplicate, harnesses }) => (duplicate ? harnesses.slice(0, -1) : []));
  const ends = older.filter(({ possible, doubts }) => possible === null && doubts.length === 0);
  const pids = ends.flatMap(({ processes }) => processes[0]?.pid ?? []);
  if (pids.length === 0 || retired.length > 0) return [];
  const what = pids.length > 3 ? `${pids.length} harnesses` : pids.join(", ");
  return [{ label: "next", text: [command("sessreap owners --retire older"), ` ends ${what}, and asks before`] }];
}

export const runOwners: Run<OwnersOptions> = async (invocation) => {
  const { options, env, stdout, stderr } = invocation;
  const wanted = options.retire === undefined ? undefined : wantedFrom(options.retire);
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, examine } = await prepare(invocation);
  const { processes: retired, notes } =
    wanted === undefined ? { processes: [], notes: [] } : await endWanted(invocation, host, examine, wanted);
  // Who ends something says the whole name: what a shorter one means may change until then.
  const isShort = options.session !== undefined && wanted === undefined;
  const session = isShort ? await sessionCalled(host, examine, options.session) : options.session;
  const { ownership, warnings: unseen } = await look(host, examine, session);
  const warnings = [...unseen, ...notes];
  const described = describeOwners(host, ownership);
  const isIncomplete = retired.some(({ became }) => became === "lost");
  const hasDuplicates = options.exitCode === true && described.summary.duplicates > 0;
  const exitCode = isIncomplete ? exitCodes.partial : hasDuplicates ? exitCodes.found : exitCodes.done;
  const report: OwnersReport = { command: "owners", ...described, retired, warnings, exitCode };
  if (options.json === true) await writeDocument(stdout, report);
  else {
    const screen = await screenFor(stdout, env);
    await writeLines(stdout, ownersText(report, { screen, palette, shown: belowHome }));
  }
  await writeWarnings(stderr, warnings);
  if (stderr.isTTY) await writeMessages(stderr, nextFor(report));
  return exitCode;
};
