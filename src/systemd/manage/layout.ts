import { accessDropIn, followDropIn } from "../units/drop-ins.ts";
import { systemctlWords, unitNames, type Scope } from "./manager.ts";
import { sealed } from "./own-file.ts";
import { environmentLines } from "../units/environment.ts";
import { unitFiles } from "../units/units.ts";
import type { UnitFile } from "../units/unit-text.ts";

export type LayoutChoice = {
  readonly command: readonly string[];
  readonly version: string;
  /** The unit that ours start and stop with. */
  readonly follow: string | undefined;
  /** `sessreap watch` beside the timer. */
  readonly watch: boolean;
  /** What the system service of one user may write, beside what the template says. */
  readonly writable: readonly string[];
  readonly hidden: readonly string[];
  /** What the shell has that a sweep reads. */
  readonly environment: Readonly<Record<string, string>>;
};

/** Where the environment is recorded, from the directory of units: below `$XDG_CONFIG_HOME` or `/etc`, as the services have it. */
export function environmentFileName(scope: Scope): string {
  return scope.kind === "user" ? "../../sessreap/units.env" : `../../sessreap/units/${scope.user}.env`;
}

/** Files that we may have written, beside the units themselves. */
export function extraNames(scope: Scope): readonly string[] {
  const { service, timer, watch } = unitNames(scope);
  const follow = [environmentFileName(scope), `${timer}.d/follow.conf`, `${watch}.d/follow.conf`];
  return scope.kind === "user" ? follow : [...follow, `${service}.d/access.conf`, `${watch}.d/access.conf`];
}

/** The name of the file: a template serves every user. */
export function watchFileName({ kind }: Scope): string {
  return kind === "user" ? "sessreap-watch.service" : "sessreap-watch@.service";
}

export function unitFileNames(scope: Scope): readonly string[] {
  const pair = scope.kind === "user" ? ["sessreap.service", "sessreap.timer"] : ["sessreap@.service", "sessreap@.timer"];
  return [...pair, watchFileName(scope)];
}

/** Every file of an installation, sealed; names are relative to the directory of units. */
export function layout(scope: Scope, choice: LayoutChoice): readonly UnitFile[] {
  const { command, version, follow, watch, writable, hidden, environment } = choice;
  const names = unitNames(scope);
  const units = unitFiles(scope.kind, { command, header: "" });
  const files: (UnitFile & { readonly edited: string })[] = [
    { ...units.service, edited: names.service },
    { ...units.timer, edited: names.timer },
    ...(watch ? [{ ...units.watch, edited: names.watch }] : []),
  ];
  const services = watch ? [names.service, names.watch] : [names.service];
  if (follow !== undefined) {
    const led = watch ? [names.timer, names.watch] : [names.timer];
    files.push(...led.map((unit) => ({ name: `${unit}.d/follow.conf`, text: followDropIn("", follow), edited: unit })));
  }
  if (scope.kind === "system" && writable.length > 0) {
    files.push(...services.map((unit) => ({ name: `${unit}.d/access.conf`, text: accessDropIn("", writable, hidden), edited: unit })));
  }
  const sealedUnits = files.map(({ name, text, edited }) => ({
    name,
    text: sealed(text, version, `${systemctlWords(scope)} edit ${edited}`),
  }));
  const lines = environmentLines(environment);
  if (lines.length === 0) return sealedUnits;
  const own = scope.kind === "user" ? "the file env beside it" : `/etc/sessreap/${scope.user}.env`;
  return [
    ...sealedUnits,
    { name: environmentFileName(scope), text: sealed(`\n${lines.join("\n")}\n`, version, `as EnvironmentFile=, or into ${own}`) },
  ];
}
