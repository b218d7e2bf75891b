import { existsSync, readdirSync } from "node:fs";
import { ownHome } from "../../host/files/homes.ts";
import { dirname, join } from "node:path";
import { extraNames, unitFileNames } from "./layout.ts";
import { otherInstances } from "../units/instances.ts";
import { systemctl, unitNames, type Scope } from "./manager.ts";
import { ownFileState, removeFile, removeIfEmpty } from "./own-file.ts";

export type Uninstalled = {
  readonly removed: readonly string[];
  /** What stands there and is not ours to remove. */
  readonly left: readonly string[];
  readonly problems: readonly string[];
};

const stopMs = 60_000;

/** Where systemd keeps the time of the last trigger of a persistent timer. */
function stampOf(scope: Scope, env: Readonly<Record<string, string | undefined>>): string {
  const { timer } = unitNames(scope);
  if (scope.kind === "system") return `/var/lib/systemd/timers/stamp-${timer}`;
  const data = env["XDG_DATA_HOME"] ?? "";
  return join(data === "" ? join(ownHome(), ".local", "share") : data, "systemd", "timers", `stamp-${timer}`);
}

/**
 * Turns the units off first: deleting the files first would leave a timer that still fires, and links to nothing. What
 * a person edited or wrote stays, and is named.
 */
export async function uninstall(scope: Scope, directory: string, env: Readonly<Record<string, string | undefined>>): Promise<Uninstalled> {
  const { service, timer, watch } = unitNames(scope);
  const problems: string[] = [];
  const reached = await systemctl(scope.kind, ["show", "--property=Version"]);
  if (reached.ok) {
    for (const words of [
      ["disable", "--now", timer],
      ["disable", "--now", watch],
      ["stop", service],
    ]) {
      const done = await systemctl(scope.kind, words, stopMs);
      if (!done.ok && !/does not exist|not loaded|not found/i.test(done.said)) problems.push(`${words.join(" ")}: ${done.said}`);
    }
  }
  const keepTemplate = scope.kind === "system" && otherInstances(directory, scope.user);
  const names = [...extraNames(scope), ...(keepTemplate ? [] : unitFileNames(scope))];
  const removed: string[] = [];
  const left: string[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const state = ownFileState(path);
    if (state === "missing") continue;
    if (state !== "ours") {
      left.push(path);
      continue;
    }
    removeFile(path);
    removed.push(path);
    if (dirname(name) !== ".") removeIfEmpty(dirname(path));
  }
  // Where no unit was, the manager need not be asked to let it go.
  const hadAny = removed.length + left.length > 0;
  if (!reached.ok && hadAny) problems.push(`no manager answers (${reached.said}); only files were removed`);
  for (const name of [`${timer}.d`, `${service}.d`, `${watch}.d`]) {
    const folder = join(directory, name);
    if (existsSync(folder)) left.push(...readdirSync(folder).map((file) => join(folder, file)));
  }
  const wants = scope.kind === "user" ? "default.target.wants" : "multi-user.target.wants";
  const links = [join("timers.target.wants", timer), join(wants, watch)];
  for (const link of reached.ok ? [] : links) removeFile(join(directory, link));
  removeFile(stampOf(scope, env));
  if (scope.kind === "user") {
    for (const folder of ["timers.target.wants", wants, "."]) removeIfEmpty(join(directory, folder));
  }
  if (reached.ok) {
    await systemctl(scope.kind, ["daemon-reload"], stopMs);
    await systemctl(scope.kind, ["reset-failed", timer, service, watch]);
  }
  return { removed, left: [...new Set(left)], problems };
}
