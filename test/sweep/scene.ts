import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { seen } from "../../src/core/evidence.ts";
import type { Host } from "../../src/host/host.ts";
import { realHost } from "../../src/host/real-host.ts";
import { keyedJson } from "../../src/registries/declared/keyed-json.ts";
import { sweep, type SweepOptions } from "../../src/sweep/sweep.ts";
import type { EntryReport, SweepReport } from "../../src/report/model/sweep.ts";
import type { Target } from "../../src/sweep/load/target.ts";
import { fields } from "../fields.ts";
import { plainSweep } from "../sweep-options.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** One registry on this machine, and the host whose parts a test may replace to be in the right moment. */
export type Scene = { readonly directory: string; readonly path: string; readonly target: Target; readonly host: Host };

export async function newScene(): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-sweep-"));
  directories.push(directory);
  const path = join(directory, "agents.json");
  const stateDir = join(directory, "state");
  mkdirSync(stateDir);
  const format = keyedJson({
    entries: "",
    pattern: "",
    fields,
    about: "session",
  });
  const target: Target = { format, path, named: true, appServers: [], owner: undefined, release: undefined };
  const host = await realHost(stateDir, "0.0.0");
  return {
    directory,
    path,
    target,
    host: { ...host, homeOf: () => directory, configDirectories: () => [], isClockSynchronised: () => seen(true) },
  };
}

/** Writes the registry as it was left a month ago. */
export function writeOld(path: string, text: string): void {
  writeFileSync(path, text);
  const at = Date.now() / 1000 - 30 * 86_400;
  utimesSync(path, at, at);
}

export type Swept = Omit<SweepReport, "entries"> & { readonly entries: readonly EntryReport[] };

export async function sweepOnce(host: Host, target: Target, more: Partial<SweepOptions> = {}): Promise<Swept> {
  const report = await sweep(host, { ...plainSweep, targets: [target], ...more });
  return { ...report, entries: [...report.entries] };
}
