import { accessSync, constants } from "node:fs";
import { dirname, join } from "node:path";
import { existing } from "../../host/files/writability.ts";
import { formatError } from "../../host/observed.ts";
import { extraNames, type LayoutChoice, layout, watchFileName } from "./layout.ts";
import { showUnits, systemctl, systemctlWords, unitNames, type Scope } from "./manager.ts";
import { otherInstances } from "../units/instances.ts";
import type { UnitFile } from "../units/unit-text.ts";
import { ownFileState, removeFile, removeIfEmpty, writeOwnFile, type OwnFile } from "./own-file.ts";

/** A reason to stop before anything was written; the text is for the person who ran the command. */
export type Stopped = { readonly stopped: string };

export type Installed = {
  readonly written: readonly string[];
  readonly enabled: boolean;
  /** The first run of the service; undefined when nothing was enabled. */
  readonly selfTest: { readonly ok: boolean; readonly detail: string } | undefined;
  readonly next: string | undefined;
};

const obstacles = {
  missing: undefined,
  ours: undefined,
  edited: "was edited since sessreap wrote it; move the change into a drop-in, or the file away",
  foreign: "was not written by sessreap; move it away first",
  masked: "is masked; unmask it first",
} as const satisfies Record<OwnFile, string | undefined>;

/** A start waits for the whole run, which its own TimeoutStartSec= bounds. */
const runMs = 180_000;

function obstaclesIn(directory: string, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const path = join(directory, name);
    const why = obstacles[ownFileState(path)];
    return why === undefined ? [] : [`${path} ${why}`];
  });
}

/** Drop-ins and the environment of an earlier installation that this one does not write. */
function staleIn(scope: Scope, directory: string, names: ReadonlySet<string>): readonly string[] {
  return extraNames(scope)
    .filter((name) => !names.has(name))
    .map((name) => join(directory, name))
    .filter((path) => ownFileState(path) === "ours");
}

/** The watch of an earlier installation, when this one does without. */
async function dropWatch(scope: Scope, path: string, isOthersToo: boolean): Promise<void> {
  await systemctl(scope.kind, ["disable", "--now", unitNames(scope).watch], runMs);
  if (!isOthersToo) removeFile(path);
}

/** Why nothing can be written into a directory, or into the one in which it would be made. */
function writeProblem(directory: string): readonly string[] {
  const place = existing(directory);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    return [`${place} cannot be written: ${formatError(error)}`];
  }
}

/** What an installation is going to do. Nothing was touched for it. */
export type Plan = {
  readonly files: readonly UnitFile[];
  /** What an earlier installation wrote and this one does not. */
  readonly stale: readonly string[];
  /** The watch of an earlier installation that goes; other users of the template may keep its file. */
  readonly endedWatch: { readonly path: string; readonly isOthersToo: boolean } | undefined;
  /** Whether the manager answers. */
  readonly isManaged: boolean;
};

/** Everything that can be known beforehand, so that a dry run answers as the installation would. */
export async function planInstall(scope: Scope, directory: string, choice: LayoutChoice, isToRun: boolean): Promise<Plan | Stopped> {
  const files = layout(scope, choice);
  const names = files.map(({ name }) => name);
  const places = [...new Set(names.map((name) => dirname(join(directory, name))))];
  const blocked = [...obstaclesIn(directory, names), ...new Set(places.flatMap(writeProblem))];
  if (blocked.length > 0) return { stopped: blocked.join("\n") };
  const manager = await showUnits(scope.kind, [], ["UnitPath"]);
  if (isToRun && !manager.ok) return { stopped: `nobody answers for ${systemctlWords(scope)}: ${manager.why}` };
  const watch = join(directory, watchFileName(scope));
  const endsWatch = !choice.watch && ownFileState(watch) === "ours";
  const isOthersToo = scope.kind === "system" && otherInstances(directory, scope.user);
  return {
    files,
    stale: staleIn(scope, directory, new Set(names)),
    endedWatch: endsWatch ? { path: watch, isOthersToo } : undefined,
    isManaged: manager.ok,
  };
}

/** Does the manager read what was written? It looks for units where it was told when it started. */
async function loadProblem(scope: Scope, directory: string, watch: boolean): Promise<string | undefined> {
  const names = unitNames(scope);
  const units = watch ? [names.service, names.timer, names.watch] : [names.service, names.timer];
  const shown = await showUnits(scope.kind, units, ["LoadState", "LoadError"]);
  if (!shown.ok) return shown.why;
  const at = shown.units.findIndex(({ LoadState: state }) => state !== "loaded");
  if (at < 0) return undefined;
  const { LoadState: state, LoadError: error } = shown.units[at] ?? {};
  return state === "not-found"
    ? `the manager reads no units in ${directory}; is XDG_CONFIG_HOME another one there?`
    : `${units[at]}: ${state} ${error}`;
}

/** How the last run of the service ended, as systemd tells it. */
export async function runResult(scope: Scope): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const { service } = unitNames(scope);
  const shown = await showUnits(scope.kind, [service], ["Result", "ExecMainStatus", "ConditionResult"]);
  if (!shown.ok) return { ok: false, detail: shown.why };
  const { Result: result, ExecMainStatus: status, ConditionResult: condition } = shown.units[0] ?? {};
  if (condition === "no") return { ok: false, detail: "a condition of the service is not met, so it was skipped" };
  return { ok: result === "success", detail: `result ${result}, status ${status}` };
}

/** Links of an earlier installation go with `reenable`; a running unit takes new settings with the restart. */
async function turnOn(scope: Scope, unit: string): Promise<Stopped | undefined> {
  for (const step of ["reenable", "restart"]) {
    const done = await systemctl(scope.kind, [step, unit], runMs);
    if (!done.ok) return { stopped: `${systemctlWords(scope)} ${step} ${unit}: ${done.said}` };
  }
  return undefined;
}

async function enable(scope: Scope, written: readonly string[], watching: boolean): Promise<Installed | Stopped> {
  const { service, timer, watch } = unitNames(scope);
  const stopped = await turnOn(scope, timer);
  if (stopped !== undefined) return stopped;
  const started = await systemctl(scope.kind, ["start", service], runMs);
  const result = await runResult(scope);
  const selfTest = started.ok ? result : { ok: false, detail: `${result.detail}: ${started.said.split("\n")[0]}` };
  // After the first run, which else would find its lock taken.
  const unwatched = watching ? await turnOn(scope, watch) : undefined;
  if (unwatched !== undefined) return unwatched;
  const shown = await showUnits(scope.kind, [timer], ["NextElapseUSecRealtime"]);
  const next = shown.ok ? shown.units[0]?.["NextElapseUSecRealtime"] : undefined;
  return { written, enabled: true, selfTest, next: next === "" ? undefined : next };
}

/** Writes the units, lets the manager read them, turns them on, and runs the service once to see that it works. */
export async function install(scope: Scope, directory: string, choice: LayoutChoice, isToRun: boolean): Promise<Installed | Stopped> {
  const plan = await planInstall(scope, directory, choice, isToRun);
  if ("stopped" in plan) return plan;
  const { files, stale, endedWatch, isManaged } = plan;
  for (const { name, text } of files) await writeOwnFile(join(directory, name), text);
  if (endedWatch !== undefined) await dropWatch(scope, endedWatch.path, endedWatch.isOthersToo);
  for (const path of stale) {
    removeFile(path);
    removeIfEmpty(dirname(path));
  }
  const written = files.map(({ name }) => join(directory, name));
  if (isManaged) await systemctl(scope.kind, ["daemon-reload"], runMs);
  const problem = isToRun ? await loadProblem(scope, directory, choice.watch) : undefined;
  if (problem !== undefined) return { stopped: problem };
  return isToRun ? enable(scope, written, choice.watch) : { written, enabled: false, selfTest: undefined, next: undefined };
}
