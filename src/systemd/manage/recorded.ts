import { statSync } from "node:fs";
import { join } from "node:path";
import { readRegularText } from "../../host/files/files.ts";
import { parseEnvironment, recordedFrom, recordedNames, shownValue, type Recorded } from "../units/environment.ts";
import type { Account } from "./account.ts";
import { environmentFileName } from "./layout.ts";
import type { Scope } from "./manager.ts";
import { ownFileState } from "./own-file.ts";

type Env = Readonly<Record<string, string | undefined>>;

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/** What is recorded for a unit. Root's shell has root's paths, which are none of the user's as whom the service runs. */
export function recordedFor(account: Account | undefined, env: Env): Recorded {
  return recordedFrom(env, (path) => account !== undefined && ownerOf(path) !== account.uid);
}

function fileValues(path: string): Env {
  try {
    return parseEnvironment(readRegularText(path));
  } catch {
    return {};
  }
}

/** The environment that the system's service of a user is going to have, but for drop-ins. */
export function serviceEnvironment(user: string, { values }: Recorded): Env {
  return { ...values, ...fileValues("/etc/sessreap/env"), ...fileValues(`/etc/sessreap/${user}.env`) };
}

/** What is recorded, what is not and why, and what an earlier installation had recorded and this shell no longer has. */
export function recordedLines(scope: Scope, directory: string, { values, leftOut }: Recorded): readonly string[] {
  const path = join(directory, environmentFileName(scope));
  const earlier = ownFileState(path) === "ours" ? fileValues(path) : {};
  return [
    ...Object.entries(values).map(([name, value]) => `recorded for the unit: ${name}=${value}`),
    ...leftOut.map((what) => `not recorded: ${what}`),
    ...recordedNames
      .filter((name) => earlier[name] !== undefined && values[name] === undefined)
      .map((name) => `no longer recorded: ${name}=${shownValue(name, earlier[name] ?? "")}`),
  ];
}
