import { readLastRun } from "../../host/state/last-run.ts";
import { isLastRun } from "../../report/last-run.ts";
import { quickCheck } from "../../systemd/status/quick-check.ts";
import { stateDirectory } from "../config/paths.ts";
import type { CommandName } from "../declarations/commands.ts";
import type { OutputOptions, ProcessContext } from "../context.ts";
import { writeWarnings } from "../messages.ts";

/** A sweep and a list say it by themselves, doctor says it better, and the others stay up, or turn it on. */
const silent: ReadonlySet<CommandName> = new Set([
  "sweep",
  "list",
  "doctor",
  "units",
  "watch",
  "exec",
  "completion",
  "manual",
  "__complete",
]);

/** Says to a person, behind whichever report was asked for, that the timer went off: who looks at sessions may never sweep by hand. */
export async function warnOfTimer(name: CommandName, { json, quiet }: OutputOptions, { env, stderr }: ProcessContext): Promise<void> {
  if (silent.has(name) || json === true || quiet === true || !stderr.isTTY) return;
  const problem = quickCheck(env, () => readLastRun(stateDirectory(env), isLastRun), Date.now());
  if (problem !== undefined) await writeWarnings(stderr, [problem]);
}
