import { sealed } from "./own-file.ts";
import { systemctlWords, unitNames, type Scope } from "./manager.ts";
import { accessDropIn, followDropIn, systemUnits, userUnits, type UnitFile } from "./units.ts";

export type LayoutChoice = {
  readonly command: readonly string[];
  readonly version: string;
  /** The unit that the timer starts and stops with. */
  readonly follow: string | undefined;
  /** What the system service of one user may write, beside what the template says. */
  readonly writable: readonly string[];
  readonly hidden: readonly string[];
};

/** Drop-ins that we may have written, beside the units themselves. */
export function dropInNames(scope: Scope): readonly string[] {
  const { service, timer } = unitNames(scope);
  return scope.kind === "user" ? [`${timer}.d/follow.conf`] : [`${timer}.d/follow.conf`, `${service}.d/access.conf`];
}

export function unitFileNames(scope: Scope): readonly string[] {
  return scope.kind === "user" ? ["sessreap.service", "sessreap.timer"] : ["sessreap@.service", "sessreap@.timer"];
}

/** Every file of an installation, sealed; names are relative to the directory of units. */
export function layout(scope: Scope, { command, version, follow, writable, hidden }: LayoutChoice): readonly UnitFile[] {
  const { service, timer } = unitNames(scope);
  const choice = { command: [...command, "sweep"], header: "" };
  const units = scope.kind === "user" ? userUnits(choice) : systemUnits(choice);
  const drops: UnitFile[] = [];
  if (follow !== undefined) drops.push({ name: `${timer}.d/follow.conf`, text: followDropIn("", follow) });
  if (scope.kind === "system" && writable.length > 0) {
    drops.push({ name: `${service}.d/access.conf`, text: accessDropIn("", writable, hidden) });
  }
  return [...units, ...drops].map(({ name, text }) => {
    const edited = name.includes(".timer") ? timer : service;
    return { name, text: sealed(text, version, `${systemctlWords(scope)} edit ${edited}`) };
  });
}
