import type { ChildProcess } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, onTestFinished } from "vitest";
import { sharedNetwork } from "../../src/host/sockets/network.ts";
import type { EntryReport, SweepDocument } from "../../src/report/model/sweep.ts";
import { writeTriedClock } from "../../tools/launches/tried-clock.mjs";
import { fields } from "../fields.ts";
import { checkDocument } from "../output-schema.ts";
import { launch, marked } from "../processes.ts";
import { nobody, openPlace } from "../users.ts";

/** What is tested: the bundle under this Node, or whatever `SESSREAP_BIN` names, such as a standalone binary. */
const binary = process.env["SESSREAP_BIN"];
const built = resolve(binary ?? "dist/sessreap.cjs");
const day = 86_400_000;

/** A place of its own for one test: a home, a state directory, and the clean environment that leads to them. */
export type Scratch = {
  readonly dir: string;
  readonly home: string;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string>>;
};

/** Its directory goes when the test is over, after the processes that the test started. */
export function newScratch(parent = tmpdir()): Scratch {
  const dir = mkdtempSync(join(parent, "sessreap-cli-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [home, stateDir] = [join(dir, "home"), join(dir, "state")];
  mkdirSync(home);
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: home, SESSREAP_STATE_DIR: stateDir, LC_ALL: "C", ...marked };
  return { dir, home, stateDir, env };
}

/** The same scratch, whose last sweep trusted the clock of this boot, so that silence condemns at once. */
export function tryClock(scratch: Scratch): Scratch {
  writeTriedClock(scratch.stateDir);
  return scratch;
}

export const triedScratch = (): Scratch => tryClock(newScratch());

/** A scratch in which the user `nobody` is at home; whoever runs it needs root. */
export function nobodysScratch(): Scratch {
  const scratch = newScratch(openPlace());
  for (const path of [scratch.dir, scratch.home]) chownSync(path, nobody, nobody);
  return scratch;
}

/** Writes a file that was last changed so long ago that no grace period shelters it. */
export function writeOld(path: string, content: string | Uint8Array, ageMs = 30 * day): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  makeOld(path, ageMs);
  return path;
}

export function makeOld(path: string, ageMs = 30 * day): void {
  const at = (Date.now() - ageMs) / 1000;
  utimesSync(path, at, at);
}

export const daysAgo = (days: number): string => new Date(Date.now() - days * day).toISOString();

/** Writes the user's configuration. Where it names registries they are the only ones, unless it says something else. */
export function configure({ home }: Scratch, given: unknown): string {
  const isAlone = typeof given === "object" && given !== null && "registries" in given && !("wellKnown" in given);
  const config = isAlone ? { wellKnown: false, ...given } : given;
  const path = join(home, ".config", "sessreap", "config.json");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

/** What `list` may say of well-known places: a configuration of the tests turns them off. */
export const turnedOff: unknown = expect.stringMatching(/^(?:warning not swept at their well-known places .*\n)?$/);

/** Declares one keyed-json registry, in `agents.json` unless said otherwise, and returns its path. */
export function declareRegistry(
  scratch: Scratch,
  more: Readonly<Record<string, unknown>> = {},
  settings: Readonly<Record<string, unknown>> = {},
): string {
  const path = join(scratch.dir, "agents.json");
  const declared = { format: "keyed-json", path, fields, ...more };
  configure(scratch, { registries: [declared], ...settings });
  return declared.path;
}

/**
 * Of a thread behind this server death by absence can be told. A socket's path says so in every network; that a loopback
 * address refuses says nothing where the tests run in a network of their own.
 */
export const downServer = { appServers: [`unix://${tmpdir()}/sessreap-test-none/app.sock`] } as const;

/**
 * Whether it can be told here that a loopback address is the machine's: not in a sandbox with a network of its own, nor where
 * no process beside the tests can be looked at. There an address that refuses leaves a doubt.
 */
export const loopbackTells = (): boolean => sharedNetwork(new Set([process.getuid?.() ?? -1])).seen;

export type Ran = { readonly code: number | null; readonly signal: string | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly asNobody?: boolean;
  readonly cwd?: string;
  /** The words that run the tool, where it is not the built one. */
  readonly tool?: readonly string[];
  /** Programs that run the tool, such as `strace -f`. */
  readonly under?: readonly string[];
};

/** The words that run the tool. */
export const toolWords: readonly string[] = binary === undefined ? [process.execPath, built] : [built];

/** The user `nobody` may not see the source tree, so the tool is copied to where every user can; the words that run it there. */
export function copiedTool({ dir }: Scratch): readonly string[] {
  const copy = join(dir, "tool", "sessreap.cjs");
  const parts = binary === undefined ? readdirSync(join(dirname(built), "parts")).map((name) => join("parts", name)) : [];
  mkdirSync(join(dir, "tool", "parts"), { recursive: true });
  copyFileSync(built, copy);
  for (const part of parts) copyFileSync(join(dirname(built), part), join(dir, "tool", part));
  for (const path of [".", "parts", "sessreap.cjs", ...parts]) chmodSync(join(dir, "tool", path), 0o755);
  return [...toolWords.slice(0, -1), copy];
}

export function startSessreap(scratch: Scratch, words: readonly string[], options: RunOptions = {}): ChildProcess {
  const asNobody = options.asNobody === true;
  const command = [...(options.under ?? []), ...(options.tool ?? (asNobody ? copiedTool(scratch) : toolWords)), ...words];
  return launch(command[0] as string, command.slice(1), {
    cwd: options.cwd ?? scratch.dir,
    env: { ...scratch.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(asNobody && { uid: nobody, gid: nobody }),
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Is what these words print JSON? What stands behind `--` is another command's. */
function printsJson(words: readonly string[]): boolean {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  return own.includes("--json") && !own.includes("--help");
}

/**
 * Runs the built tool as a stranger would, and returns everything that came out of it. Every JSON document is held
 * against the published schema, and its exit code against the one of the process.
 */
export async function sessreap(scratch: Scratch, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = startSessreap(scratch, words, options);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const ran = await new Promise<Ran>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => done({ code, signal, stdout: stdout(), stderr: stderr() }));
  });
  if (printsJson(words) && ran.stdout !== "") {
    const document = parseOnly(ran.stdout, ran.stderr) as SweepDocument;
    checkDocument(document);
    if (document.exitCode !== ran.code) throw new Error(`the document says ${document.exitCode}, the process ${ran.code}: ${ran.stderr}`);
  }
  return ran;
}

/** Runs the tool with `--json` and returns its one document. */
export async function sweepReport(scratch: Scratch, words: readonly string[], options: RunOptions = {}): Promise<SweepDocument> {
  const { stdout, stderr } = await sessreap(scratch, [...words, "--json"], options);
  return parseOnly(stdout, stderr) as SweepDocument;
}

export function parseOnly(stdout: string, stderr = ""): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`stdout is no single JSON document:\n${stdout}\n${stderr}`);
  }
}

/** What a report says of each entry, by key, in the words that a test is about. */
export function by(
  { entries }: SweepDocument,
  ...wanted: readonly Exclude<keyof EntryReport, "usedBy">[]
): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.map((entry) => [entry.key, wanted.map((name) => String(entry[name])).join(" ")]));
}

/** Says on the terminal that a test was left out, and why: a silent skip looks like a pass. */
export function leaveOut(what: string, why: string): void {
  process.stderr.write(`\nLEFT OUT: ${what}: ${why}\n`);
}
