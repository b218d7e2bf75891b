import { canonicalSession } from "../../core/registration.ts";
import type { Command } from "../../core/harnesses/left-behind.ts";
import { loadLibraries } from "../../host/libraries.ts";
import { visible } from "../../report/visible.ts";
import { conflictChoices } from "../../ownership/admission.ts";
import type { Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeLines } from "../output.ts";
import { prepare } from "../prepare.ts";
import { lockSession, type ExecOptions } from "./exec-admission.ts";
import { commandAt, endLeftBehind, reapRegistration, warnOnce } from "./exec-end.ts";

export const runExec: Run<ExecOptions> = async (invocation) => {
  const { words, options, env, stderr } = invocation;
  if (options.session === undefined || options.session === "") throw new Failure("usage", "exec: name the session with --session ID");
  const choice = conflictChoices.find((one) => one === options.onConflict);
  if (choice === undefined)
    throw new Failure("usage", `--on-conflict: "${options.onConflict}" is not one of ${conflictChoices.join(", ")}`);
  const session = canonicalSession(options.session);
  const prepared = await prepare(invocation);
  const { host, examine } = prepared;
  await loadLibraries(examine.targets.some(({ server }) => server !== undefined));
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
