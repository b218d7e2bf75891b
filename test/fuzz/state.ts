import { isLastRun } from "../../src/report/last-run.ts";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readHistory } from "../../src/host/state/history.ts";
import { readLastRun } from "../../src/host/state/last-run.ts";
import { loadMemory } from "../../src/host/state/memory-store.ts";
import { readTombstones } from "../../src/host/state/tombstones.ts";
import { holds, type Target } from "./law.ts";

const sweepId = "20261120T150000Z-3f2a";
const at = "2026-11-20T15:00:00.000Z";
const header = { sweepId, at, registry: "/r/a.json", format: "keyed-json", layout: "members", first: 0 };
const member = {
  key: "b",
  reason: "pid-gone",
  detail: "",
  entries: "",
  form: "after",
  after: "a",
  cut: "LCJiIjoxfQ==",
  member: { start: 1, end: 6 },
};
const file = {
  key: "7.json",
  reason: "pid-gone",
  detail: "",
  content: "e30=",
  mode: 33_188,
  uid: 0,
  gid: 0,
  modifiedAt: 1_790_000_000_000,
};
const lines = (...all: readonly object[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join("");

const seeds = [
  lines({ plot: header }, member, member, { void: [`${sweepId}/0`] }),
  lines({ plot: { ...header, layout: "files", first: 7 } }, file, { plot: header }, member),
  `${JSON.stringify({ sweepId, at, command: "sweep", entries: [{ registry: "/r", key: "b", action: "reaped", reason: "pid-gone" }] })}\n`,
  JSON.stringify({
    schema: 1,
    bootId: "b",
    wallMs: 1,
    bootMs: 2,
    awakeMs: 3,
    traces: { "/r/a.json": { b: { digest: "d", seenForMs: 5, absentSinceMs: 1 } } },
    answeredSinceMs: { "ws://127.0.0.1:1": 4 },
    restored: [{ registry: "/r", key: "b", digest: "d", untilMs: 9 }],
    sleep: { bootId: "b", ms: 1, atMs: 1, sleeps: [{ fromMs: 0, untilMs: 1, ms: 1 }] },
    settling: { watchedMs: 1, settledAtMs: 2 },
  }),
  JSON.stringify({ schema: 1, said: [], registries: [], startedAt: at }),
];

const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

function checkIn(stateDir: string, bytes: Buffer): void {
  for (const name of ["memory.json", "last-run.json", "history.jsonl", `tombstones/${sweepId}.jsonl`])
    writeFileSync(join(stateDir, name), bytes);
  const { memory, problem } = loadMemory(stateDir);
  for (const records of memory.records.values()) {
    for (const { digest, seenForMs } of records.values()) holds(typeof digest === "string" && isNumber(seenForMs), "a trace is one");
  }
  holds(memory.records.size === 0 || problem === undefined, "a memory with a problem is empty");
  readLastRun(stateDir, isLastRun);
  for (const line of readHistory(stateDir))
    holds(Array.isArray(line.entries) && typeof line.at === "string", "a line of the history is one");
  for (const { id, registry, key, kept: what } of readTombstones(stateDir)) {
    holds(
      [id, registry, key].every((text) => typeof text === "string"),
      "a tombstone names what it keeps",
    );
    const isMember = what.layout === "members" && typeof what.cut === "string" && isNumber(what.member.start) && isNumber(what.member.end);
    holds(isMember || (what.layout === "files" && isNumber(what.mode)), "a tombstone keeps a member or a file");
  }
}

/** What a killed sweep, a full disk or a strange hand left in the state directory: never a crash. */
export function stateTarget(): Target & { readonly clear: () => void } {
  const stateDir = mkdtempSync(join(tmpdir(), "sessreap-fuzz-"));
  mkdirSync(join(stateDir, "tombstones"));
  return {
    name: "state",
    seeds: seeds.map((text) => Buffer.from(text)),
    words: ['"plot"', '"void"', '"layout"', '"schema":1', '"traces"', '"files"', '"members"', "\n"],
    check: (bytes) => checkIn(stateDir, bytes),
    clear: () => rmSync(stateDir, { recursive: true }),
  };
}
