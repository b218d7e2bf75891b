import { readRegularText } from "../../host/files/files.ts";
import { tidyPath } from "../../host/files/homes.ts";
import type { Guard } from "../../report/model/guards.ts";
import { errorCode } from "../../host/observed.ts";
import { findAccount } from "../manage/account.ts";
import { type Properties, type Scope, showUnits, systemctl, unitNames } from "../manage/manager.ts";
import { parseEnvironment, recordedNames, shownValue } from "../units/environment.ts";
import { isOffered, unitExists } from "./findings.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The environment in which the installed service sweeps. */
export type UnitEnvironment = {
  readonly unit: string;
  readonly values: Env;
  /** Files of it that this user may not read. What they say of is taken to be as it is here. */
  readonly unread: readonly string[];
};

/** What a sweep reads of its environment, beside its home. */
export const readNames = [
  ...recordedNames,
  "SESSREAP_CONFIG",
  "SESSREAP_STATE_DIR",
  "SESSREAP_GRACE",
  "SESSREAP_TTL",
  "SESSREAP_APP_SERVER",
  "SESSREAP_PID_NAMESPACE",
] as const;

const asked = ["LoadState", "FragmentPath", "UnitFileState", "ActiveState", "Environment", "EnvironmentFiles", "UnsetEnvironment"] as const;

/** A file that may be missing says nothing then; systemd reads the later file over the earlier one, and more than one by a pattern. */
function fromFiles({ EnvironmentFiles: files }: Properties): Pick<UnitEnvironment, "values" | "unread"> {
  const paths = [...(files ?? "").matchAll(/^(.+) \(ignore_errors=(?:yes|no)\)$/gm)].map((match) => match[1] as string);
  const found = paths.map((path) => [path, /[*?[]/.test(path) ? undefined : valuesIn(path)] as const);
  return {
    values: Object.assign({}, ...found.map(([, values]) => values ?? {})) as Env,
    unread: found.flatMap(([path, values]) => (values === undefined ? [path] : [])),
  };
}

function valuesIn(path: string): Env | undefined {
  try {
    return parseEnvironment(readRegularText(path));
  } catch (error) {
    return ["EACCES", "EPERM"].includes(errorCode(error) ?? "") ? undefined : {};
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Words as systemctl shows them: those with blanks or odd characters are quoted, as for a shell. */
function shownWords(text = ""): readonly string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|\$'(?:[^'\\]|\\.)*'|\S)+/g) ?? []).map((word) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|\$'((?:[^'\\]|\\.)*)'/g, (_, double?: string, single?: string) =>
      (double ?? single ?? "").replaceAll(/\\(.)/g, (__, escaped: string) => escapes[escaped] ?? escaped),
    ),
  );
}

function fromWords(text: string | undefined): Env {
  const pairs = shownWords(text).map((word) => [word, word.indexOf("=")] as const);
  return Object.fromEntries(pairs.flatMap(([word, at]) => (at < 1 ? [] : [[word.slice(0, at), word.slice(at + 1)]])));
}

/** What is taken away in the end: a variable, or one that has just this value. */
function without(values: Env, { UnsetEnvironment: text }: Properties): Env {
  const unset = new Set(shownWords(text));
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !unset.has(name) && !unset.has(`${name}=${value}`)));
}

async function environmentOf(scope: Scope, env: Env): Promise<UnitEnvironment | undefined> {
  const { service, timer } = unitNames(scope);
  const shown = await showUnits(scope.kind, [service, timer], asked);
  if (!shown.ok) return undefined;
  const [ofService = {}, ofTimer = {}] = shown.units;
  if (!unitExists(ofService) || !unitExists(ofTimer) || isOffered(ofTimer)) return undefined;
  // What a manager was given for all its services; that of the system knows the home of each user, too.
  const given = fromWords((await systemctl(scope.kind, ["show-environment"])).stdout);
  const manager = scope.kind === "user" ? given : { ...given, HOME: (await findAccount(scope.user))?.home };
  const { values, unread } = fromFiles(ofService);
  const unknown = unread.length === 0 ? {} : Object.fromEntries(readNames.map((name) => [name, env[name]]));
  const whole = { ...unknown, ...manager, ...fromWords(ofService["Environment"]), ...values };
  return { unit: service, values: without(whole, ofService), unread };
}

/** The environment of the first of these services that is installed; undefined where none is. */
export async function unitEnvironment(scopes: readonly Scope[], env: Env): Promise<UnitEnvironment | undefined> {
  const found = await Promise.all(scopes.map((scope) => environmentOf(scope, env)));
  return found.find((one) => one !== undefined);
}

/** The environment of the shell, with all that a sweep reads as the service has it. */
export function asTheUnit(env: Env, unit: UnitEnvironment | undefined): Env {
  if (unit === undefined) return env;
  return { ...env, ...Object.fromEntries(readNames.map((name) => [name, unit.values[name]])) };
}

const said = (name: string, value: string): string => (value === "" ? "unset" : shownValue(name, value));

/** Says where the service sees another environment than the shell: what is looked at by hand is then not what is swept. */
export function environmentGuards(env: Env, unit: UnitEnvironment | undefined): readonly Guard[] {
  if (unit === undefined) return [];
  const about = { guard: "environment", name: unit.unit, posture: "on" } as const;
  const unread = unit.unread.length === 0 ? "" : `; not read here: ${unit.unread.join(", ")}`;
  // A manager that tells no home cannot be held against this one.
  const names = unit.values["HOME"] === undefined ? readNames : (["HOME", ...readNames] as const);
  const differing = names.flatMap((name) => {
    const [there, here] = [unit.values[name] ?? "", env[name] ?? ""];
    return there === here || (name === "HOME" && tidyPath(there) === tidyPath(here))
      ? []
      : [{ name, text: `${name} is ${said(name, there)} there, ${said(name, here)} here` }];
  });
  if (differing.length === 0) return [{ ...about, cause: "fine", detail: `it has what this shell has${unread}`, cure: null }];
  if (differing.some(({ name }) => name === "HOME")) {
    const text = `what is judged here is not what it sweeps: ${differing.map((one) => one.text).join("; ")}${unread}`;
    return [{ ...about, cause: "environment-differs", detail: text, cure: `run sessreap with HOME=${unit.values["HOME"]}` }];
  }
  const own = unit.unit.includes("@") || differing.some(({ name }) => name.startsWith("SESSREAP_"));
  const detail = `judged as the unit sees it: ${differing.map(({ text }) => text).join("; ")}${unread}`;
  const cure = own
    ? "write it into the unit's environment file (man sessreap-units), or unset it here"
    : "sessreap units install, or unset it here";
  return [{ ...about, cause: "environment-differs", detail, cure }];
}
