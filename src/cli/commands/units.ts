import { join } from "node:path";
import { exitCodes } from "../../report/exit-code.ts";
import { layout } from "../../systemd/manage/layout.ts";
import { earlierChoice } from "../../systemd/manage/earlier.ts";
import { systemUnitDirectory, userUnitDirectory } from "../../systemd/manage/places.ts";
import { uninstall } from "../../systemd/manage/uninstall.ts";
import type { Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeWarnings } from "../messages.ts";
import { write, writeLines } from "../output.ts";
import { printFor, starterFrom } from "./units-print.ts";
import { scopeFrom } from "../scope.ts";
import { checkPlaces } from "../config/paths.ts";
import { didYouMean } from "../suggest.ts";
import { choose, lastingCommand, needRoot, needsOf, type UnitsOptions } from "./units-choice.ts";
import { runInstall } from "./units-install.ts";

const actions = ["install", "uninstall", "print"] as const;

export const runUnits: Run<UnitsOptions> = async (invocation) => {
  const { words, options, env, version, stdout } = invocation;
  const action = actions.find((name) => name === words[0]);
  if (action === undefined)
    throw new Failure("usage", `units: "${words[0]}" is not one of ${actions.join(", ")}${didYouMean(words[0] ?? "", actions)}`);
  checkPlaces(env);
  const scope = scopeFrom(options);
  const starter = starterFrom(options, action);
  if (starter !== undefined) {
    await write(stdout, await printFor(starter, scope, lastingCommand(), options, env));
    return exitCodes.done;
  }
  const directory = scope.kind === "user" ? userUnitDirectory(env) : systemUnitDirectory;
  if (action === "install") return runInstall(invocation, scope, directory);
  if (action === "print") {
    const command = lastingCommand();
    const needs = await needsOf(scope, command, env, true);
    const files = layout(scope, choose(options, { version, command }, earlierChoice(scope, directory), needs));
    await writeLines(
      stdout,
      files.flatMap(({ name, text }) => [`# ${join(directory, name)}`, text]),
    );
    return exitCodes.done;
  }
  if (options.dryRun === true) throw new Failure("usage", "units uninstall has no dry run");
  needRoot(scope);
  const { removed, left, problems } = await uninstall(scope, directory, env);
  const nothing = removed.length === 0 && left.length === 0 ? ["nothing was installed"] : [];
  await writeLines(stdout, [
    ...removed.map((path) => `removed ${path}`),
    ...left.map((path) => `left ${path} (not written by sessreap, or edited since)`),
    ...nothing,
  ]);
  await writeWarnings(invocation.stderr, problems);
  return problems.length > 0 ? exitCodes.partial : exitCodes.done;
};
