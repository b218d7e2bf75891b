import type { Host } from "../../host/host.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { reapChosen, type Chosen, type OperatorsWord } from "../../sweep/reap-one.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { namesOf } from "../../sweep/key-match.ts";
import { fitOf, fits, severalLines } from "../../report/listing/resolve.ts";
import { callersAbove } from "../../sweep/observe/callers.ts";
import { noCallers } from "../../sweep/observe/daemon.ts";
import { writeWarnings } from "../messages.ts";
import { isReaped, reapedLines } from "../person/reaped.ts";
import { showProgress } from "../person/progress.ts";
import { writeDocument, writeLines } from "../output.ts";
import { lockState, prepare } from "../prepare.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { didYouMean } from "../suggest.ts";

type ReapWords = JudgingOptions & OutputOptions & { readonly despite?: string; readonly all?: boolean; readonly asOwner?: boolean };

/** The very process that has this pid now: a later one of the pid is not meant. */
function processMeant(host: Host, word: string | undefined): OperatorsWord["despite"] {
  if (word === undefined) return undefined;
  const pid = Number(word);
  if (!/^\d+$/.test(word) || !Number.isSafeInteger(pid) || pid < 2) throw new Failure("usage", `--despite: "${word}" is not a pid`);
  const startTicks = host.startOfPid(pid);
  if (startTicks === undefined) throw new Failure("usage", `--despite: no process has pid ${pid}, so none keeps the entry`);
  const tree = host.lookAtTree();
  const argv = tree.seen ? tree.value.tree.get(pid)?.argv : undefined;
  return { pid, startTicks, name: visible(argv?.[0] ?? "a process") };
}

/** Several are taken only where that was said, and an operator's word is for one. */
function refuseSeveral(name: string, chosen: readonly Chosen[], isAllowed: boolean): void {
  if (chosen.length > 1 && !isAllowed) throw new Failure("usage", severalLines(name, "registrations", chosen));
}

/** An owner knows the name of what has ended. That may have gone already, and another one's name begin like it. */
function refuseGuess(name: string, chosen: readonly Chosen[]): void {
  const guessed = chosen.find(({ fit }) => fit < fits.exact);
  if (guessed === undefined) return;
  const [word, key] = [visible(name), visible(guessed.key)];
  throw new Failure("usage", `--as-owner: no entry is called "${word}", which may mean ${key}; nothing was touched`);
}

/** An owner's word is taken of the owner alone. */
function refuseOthers(chosen: readonly Chosen[]): void {
  const refused = chosen.find(({ notOwner }) => notOwner !== undefined);
  if (refused !== undefined)
    throw new Failure("refused", `--as-owner: ${visible(refused.registry)}: ${visible(refused.notOwner ?? "")}; nothing was touched`);
}

export const runReap: Run<ReapWords> = async (invocation) => {
  const { words, options, stdout, stderr } = invocation;
  const name = words[0] ?? "";
  const { host, settings, examine } = await prepare(invocation);
  const word = { despite: processMeant(host, options.despite), now: options.now === true };
  const isForOne = word.despite !== undefined || word.now || options.asOwner === true;
  if (options.asOwner === true && (word.despite !== undefined || word.now))
    throw new Failure("usage", "--as-owner: an owner says no more than that one session has ended; leave out --despite and --now");
  const lock = await lockState(host, settings, "a sweep of this state directory is running");
  const progress = await showProgress(invocation, host);
  try {
    const { entries, refusal, keys, unread, unrecorded } = await reapChosen(progress.host, {
      ...examine,
      callers: options.asOwner === true ? callersAbove(host, examine.policy.programs) : noCallers,
      command: "reap",
      stop: { signal: undefined },
      exitObserved: false,
      word,
      fits: ({ entry }, format) => fitOf(name, namesOf(entry, format)),
      accept: (chosen) => {
        refuseSeveral(name, chosen, options.all === true && !isForOne);
        if (options.asOwner === true) refuseGuess(name, chosen);
        refuseOthers(chosen);
      },
    });
    progress.end();
    if (refusal !== undefined) throw new Failure("refused", `${refusal}; nothing was touched`);
    if (entries.length === 0)
      throw new Failure("not-found", [`no registration is called "${name}"${didYouMean(name, keys)}`, ...unread].join("\n"));
    await writeWarnings(stderr, unrecorded);
    const exitCode = entries.every(isReaped) ? exitCodes.done : exitCodes.partial;
    if (options.json === true) {
      await writeDocument(stdout, { command: "reap", entries, exitCode });
      return exitCode;
    }
    await writeLines(stdout, reapedLines(entries));
    return exitCode;
  } finally {
    progress.end();
    lock.release();
  }
};
