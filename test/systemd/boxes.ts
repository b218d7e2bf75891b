import { mkdirSync, readFileSync, utimesSync, writeFileSync, chownSync } from "node:fs";
import { dirname } from "node:path";
import { describe } from "vitest";
import type { Cause, Posture } from "../../src/report/guards.ts";
import type { Guard } from "../../src/report/model/guards.ts";
import type { LastRun } from "../../src/report/model/last-run.ts";
import { fields } from "../fields.ts";
import { checkDocument } from "../output-schema.ts";
import { boxRefusal, type Box, type Ran, type RunOptions } from "./box.ts";

const refusal = boxRefusal();

if (refusal !== undefined) {
  if (process.env["SESSREAP_REQUIRE_SYSTEMD"] === "1") throw new Error(`SESSREAP_REQUIRE_SYSTEMD=1, and no box can be booted: ${refusal}`);
  process.stderr.write(`\nSKIPPED: the tests that boot a systemd: ${refusal}. SESSREAP_REQUIRE_SYSTEMD=1 makes this a failure.\n`);
}

/** Tests that boot a systemd; skipped where that is refused, which is said on stderr. */
export const describeBox = refusal === undefined ? describe : describe.skip;

export const node = "/opt/node";
export const script = "/opt/sessreap/bin/sessreap.cjs";
export const alice = { as: "alice" } as const satisfies RunOptions;
const aliceId = 4241;

export const sessreap = (box: Box, words: readonly string[], options: RunOptions = alice): Ran =>
  box.run([node, script, ...words], options);

export const userctl = (box: Box, ...words: readonly string[]): Ran => box.run(["systemctl", "--user", ...words], alice);

/** Writes a file of alice's. */
export function put(box: Box, path: string, content: string): void {
  const outside = box.path(path);
  const made = mkdirSync(dirname(outside), { recursive: true });
  if (made !== undefined) box.run(["chown", "-R", "alice:alice", path.split("/").slice(0, 4).join("/")]);
  writeFileSync(outside, content);
  chownSync(outside, aliceId, aliceId);
}

export const registryPath = "/home/alice/bridge/agents.json";

const longAgo = "2026-01-01T00:00:00Z";

export type Entry = { readonly pid?: number; readonly start?: string; readonly since?: string };

/** The registry's file as a bridge that has been dead for a month left it. */
export function register(box: Box, entries: Readonly<Record<string, Entry>>): void {
  const whole = Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, { since: longAgo, ...entry }]));
  put(box, registryPath, `${JSON.stringify(whole, undefined, 2)}\n`);
  const at = Date.now() / 1000 - 30 * 86_400;
  utimesSync(box.path(registryPath), at, at);
}

export function registered(box: Box): readonly string[] {
  return Object.keys(JSON.parse(readFileSync(box.path(registryPath), "utf8")) as object);
}

/** The box is a pid namespace of its own, and no other machine shares these files: that is what the declaration says. */
export function configure(box: Box, more: Readonly<Record<string, unknown>> = {}): void {
  const registries = [{ format: "keyed-json", path: registryPath, fields, about: "session", ...more }];
  put(box, "/home/alice/.config/sessreap/config.json", JSON.stringify({ pidNamespace: "own", registries }));
}

/** A process of alice's that stays, as a session's holder would, and its start ticks. */
export function startHolder(box: Box): Required<Pick<Entry, "pid" | "start">> {
  const { stdout } = box.run(["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"], alice);
  const pid = Number(stdout);
  const stat = readFileSync(box.path(`/proc/${pid}/stat`), "utf8");
  return { pid, start: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] as string };
}

/** A pid that was there and is gone. */
export function endedPid(box: Box): number {
  return Number(box.run(["sh", "-c", "sh -c 'echo $$'"], alice).stdout);
}

export type Diagnosis = {
  readonly posture: Posture;
  readonly guards: readonly Guard[];
  readonly lastRun: LastRun | null;
  readonly exitCode: number;
};

export function doctor(box: Box, options: RunOptions = alice): Diagnosis {
  const { stdout, stderr } = sessreap(box, ["doctor", "--json", "--exit-code"], options);
  if (stdout === "") throw new Error(`doctor said nothing: ${stderr}`);
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  checkDocument(diagnosis);
  return diagnosis;
}

/** `posture/cause` of every guard that is of concern. */
export function concerns(box: Box, options: RunOptions = alice): readonly `${string} ${Posture}/${Cause}`[] {
  return doctor(box, options)
    .guards.filter(({ posture, cure }) => posture !== "on" || cure !== null)
    .map(({ guard, posture, cause }) => `${guard} ${posture}/${cause}` as const);
}

export const userUnits = "/home/alice/.config/systemd/user";

/** A drop-in of alice's own for one unit, and the reload that makes it count. */
export function dropIn(box: Box, unit: string, text: string): void {
  put(box, `${userUnits}/${unit}.d/zz-test.conf`, text);
  userctl(box, "daemon-reload");
}

export function undrop(box: Box, unit: string): void {
  box.run(["rm", "-f", `${userUnits}/${unit}.d/zz-test.conf`]);
  userctl(box, "daemon-reload");
  userctl(box, "reset-failed");
}

export function journal(box: Box, ...words: readonly string[]): readonly Readonly<Record<string, string>>[] {
  box.run(["journalctl", "--sync"]);
  const { stdout } = box.run(["journalctl", "--no-pager", "-o", "json", ...words]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
}

/** Takes back what a test installed for alice, drop-ins of hers included. */
export function leaveNoUnits(box: Box): void {
  sessreap(box, ["units", "uninstall"]);
  box.run(["rm", "-rf", userUnits]);
  userctl(box, "daemon-reload");
}
