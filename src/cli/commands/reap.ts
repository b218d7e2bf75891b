import { canonicalSession } from "../../core/registration.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { reapChosen } from "../../sweep/reap-one.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeDocument, writeLines } from "../output.ts";
import { lockState, prepare } from "../prepare.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { didYouMean } from "../suggest.ts";

export const runReap: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { words, options, stdout } = invocation;
  const name = words[0] ?? "";
  const { host, settings, examine } = await prepare(invocation);
  const lock = await lockState(host, settings, "a sweep of this state directory is running");
  try {
    const { entries, refusal, keys, unread } = await reapChosen(host, {
      ...examine,
      command: "reap",
      stop: { signal: undefined },
      exitObserved: false,
      wanted: ({ entry: { key, claim } }) => {
        const session = claim.ok ? claim.registration.sessionId : undefined;
        return key === name || (session !== undefined && canonicalSession(session) === canonicalSession(name));
      },
    });
    if (refusal !== undefined) throw new Failure("refused", `${refusal}; nothing was touched`);
    if (entries.length === 0)
      throw new Failure("not-found", [`no registration is called "${name}"${didYouMean(name, keys)}`, ...unread].join("\n"));
    const isReaped = entries.every(({ action }) => action === "reaped" || action === "released");
    const exitCode = isReaped ? exitCodes.done : exitCodes.partial;
    if (options.json === true) {
      await writeDocument(stdout, { command: "reap", entries, exitCode });
      return exitCode;
    }
    const lines = entries.map(({ key, action, reason, detail, registry }) => {
      return `${visible(key)}  ${action}  ${reason}: ${visible(detail)}  ${visible(registry)}`;
    });
    await writeLines(stdout, lines);
    return exitCode;
  } finally {
    lock.release();
  }
};
