import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { hangs } from "../../host/files/held-directory.ts";
import type { Guard } from "../../report/model/guards.ts";
import { type Properties, type Scope, showUnits, unitNames } from "../manage/manager.ts";
import { isOffered, unitExists } from "./findings.ts";

function above(path: string): readonly string[] {
  return dirname(path) === path ? [path] : [path, ...above(dirname(path))];
}

/** systemctl shows a list of paths in one line, and quotes those with blanks. */
function isNamed({ ReadWritePaths: list = "" }: Properties, path: string): boolean {
  return [`-${path}`, path].some((word) => ` ${list.replaceAll('"', " ")} `.includes(` ${word} `));
}

/** The places that the sandbox of a service keeps from being written. */
function lockedIn(service: Properties, places: readonly string[]): readonly string[] {
  if (service["ProtectSystem"] !== "strict") return [];
  const there = [...new Set(places)].filter((place) => !hangs(place) && existsSync(place));
  return there.filter((place) => !above(realpathSync(place)).some((path) => isNamed(service, path)));
}

/** Says which registries the system's service of a user cannot write: those that were declared after it was installed. */
export async function accessGuards(scopes: readonly Scope[], places: readonly string[]): Promise<readonly Guard[]> {
  const scope = scopes.find(({ kind }) => kind === "system");
  if (scope?.kind !== "system") return [];
  const { service, timer } = unitNames(scope);
  const asked = ["LoadState", "FragmentPath", "UnitFileState", "ActiveState", "ProtectSystem", "ReadWritePaths"];
  const shown = await showUnits("system", [service, timer], asked);
  const [ofService = {}, ofTimer = {}] = shown.ok ? shown.units : [];
  if (!unitExists(ofService) || !unitExists(ofTimer) || isOffered(ofTimer)) return [];
  const locked = lockedIn(ofService, places);
  if (locked.length === 0) return [];
  const detail = `its sandbox lets it write nothing in ${locked.join(", ")}`;
  const cure = `sudo sessreap units install --system ${scope.user}`;
  return [{ guard: "service", name: service, posture: "off-runtime-divergent", cause: "sandbox", detail, cure }];
}
