import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeTombstones, encodeHeader, encodeLine, encodeVoid } from "../../../src/core/tombstone.ts";
import { writeTombstones, voidTombstones, makeRoom, readTombstones } from "../../../src/host/state/tombstones.ts";
import { codeOf, openIn, scratchDirectory } from "../scratch.ts";

const [hour, mebibyte] = [3_600_000, 1024 * 1024];
const day = 24 * hour;
const limit = 64 * mebibyte;
const now = Date.UTC(2026, 10, 20, 15);

const header = { sweepId: "s", at: "2026-11-20T15:00:00Z", registry: "/r", format: "claude-sessions", layout: "files", first: 0 } as const;
const kept = { layout: "files", content: "e30=", mode: 33_188, uid: 0, gid: 0, modifiedAt: 0 } as const;
const tombstone = (key: string) =>
  encodeLine({ key, sessionId: `id-${key}`, identity: undefined, pid: undefined, reason: "pid-gone", detail: "", kept });

/** A state directory with graves of these ages, in ms, and sizes; a file without content takes no room on the disk. */
function stateWith(all: Readonly<Record<string, readonly [ageMs: number, bytes: number]>>): string {
  const state = scratchDirectory();
  mkdirSync(join(state, "tombstones"));
  for (const [name, [ageMs, bytes]] of Object.entries(all)) {
    const path = join(state, "tombstones", name);
    writeFileSync(path, "");
    truncateSync(path, bytes);
    utimesSync(path, (now - ageMs) / 1000, (now - ageMs) / 1000);
  }
  return state;
}

const left = (state: string): readonly string[] => readdirSync(join(state, "tombstones")).toSorted();

test("without any grave all the room is there", () => {
  expect(makeRoom(scratchDirectory(), now)).toBe(limit);
  expect(makeRoom(stateWith({}), now)).toBe(67_108_864);
});

const ages: readonly (readonly [what: string, ageMs: number, stays: boolean])[] = [
  ["of thirty days", 30 * day, true],
  ["of thirty days and a second", 30 * day + 1000, false],
  ["of a year", 365 * day, false],
  ["of two days", 2 * day, true],
  ["that a clock dates to tomorrow", -day, true],
];
test.each(ages)("where there is room, a grave %s is told by its age alone", (_what, ageMs, stays) => {
  const state = stateWith({ "s.jsonl": [ageMs, 100] });
  expect(makeRoom(state, now)).toBe(stays ? limit - 100 : limit);
  expect(left(state)).toEqual(stays ? ["s.jsonl"] : []);
});

const crowds: readonly (readonly [what: string, ageMs: number, bytes: number, stays: boolean])[] = [
  ["half of the room, and is two days old", 2 * day, limit / 2, true],
  ["a byte more than half, and is two days old", 2 * day, limit / 2 + 1, false],
  ["a byte more than half, and is a day old to the second", day, limit / 2 + 1, false],
  ["a byte more than half, and is a second short of a day", day - 1000, limit / 2 + 1, true],
  ["more than all of the room, and is an hour old", hour, limit + 5, true],
];
test.each(crowds)("a grave that takes %s", (_what, ageMs, bytes, stays) => {
  const state = stateWith({ "s.jsonl": [ageMs, bytes] });
  expect(makeRoom(state, now)).toBe(stays ? limit - bytes : limit);
  expect(left(state)).toEqual(stays ? ["s.jsonl"] : []);
});

test("of too many graves the oldest go, and no more of them than have to", () => {
  const size = 10 * mebibyte;
  const state = stateWith({
    "c.jsonl": [20 * day, size],
    "a.jsonl": [3 * day, size],
    "b.jsonl": [25 * day, size],
    "d.jsonl": [10 * day, size],
  });
  expect(makeRoom(state, now)).toBe(limit - 3 * size);
  expect(left(state)).toEqual(["a.jsonl", "c.jsonl", "d.jsonl"]);
});

test("what is too old goes although young ones stand before it by name, and other files are nobody's", () => {
  const state = stateWith({ "a.jsonl": [hour, 7], "b.jsonl": [40 * day, 9], "jsonl.txt": [90 * day, 1], ".jsonl.old": [90 * day, 1] });
  expect(makeRoom(state, now)).toBe(limit - 7);
  expect(left(state)).toEqual([".jsonl.old", "a.jsonl", "jsonl.txt"]);
});

test("graves that cannot be listed are a fault, not an empty yard", () => {
  const state = scratchDirectory();
  writeFileSync(join(state, "tombstones"), "no directory");
  expect(codeOf(() => makeRoom(state, now))).toBe("ENOTDIR");
  expect(codeOf(() => readTombstones(state))).toBe("ENOTDIR");
});

test("tombstones are told from the oldest grave to the newest, whatever the graves are called", () => {
  const state = scratchDirectory();
  for (const [name, ageMs] of [
    ["b", 3 * day],
    ["a", day],
    ["c", 9 * day],
  ] as const) {
    writeTombstones(state, name, [encodeHeader({ ...header, sweepId: name }), tombstone(name)]);
    utimesSync(join(state, "tombstones", `${name}.jsonl`), (now - ageMs) / 1000, (now - ageMs) / 1000);
  }
  writeFileSync(join(state, "tombstones", "note.txt"), encodeHeader(header) + tombstone("foreign"));
  expect(readTombstones(state).map(({ id }) => id)).toEqual(["c/0", "b/0", "a/0"]);
});

test("a grave is for us alone, in a yard for us alone, and nothing stays open", () => {
  const state = join(scratchDirectory(), "new", "state");
  writeTombstones(state, "s", [encodeHeader(header), tombstone("é\u{1F480}")]);
  expect(statSync(join(state, "tombstones")).mode & 0o777).toBe(0o700);
  expect(statSync(join(state, "tombstones", "s.jsonl")).mode & 0o777).toBe(0o600);
  expect(readTombstones(state)).toEqual([
    {
      id: "s/0",
      at: header.at,
      registry: "/r",
      format: "claude-sessions",
      key: "é\u{1F480}",
      sessionId: "id-é\u{1F480}",
      reason: "pid-gone",
      detail: "",
      kept,
    },
  ]);
  expect(openIn(join(state, "tombstones"))).toEqual([]);
});

test("who is buried later in a sweep lies behind those before, each on a line of its own", () => {
  const state = scratchDirectory();
  writeTombstones(state, "s", [encodeHeader(header), tombstone("a"), tombstone("b")]);
  writeTombstones(state, "s", [encodeHeader({ ...header, registry: "/q", first: 2 }), tombstone("c")]);
  expect(readTombstones(state).map(({ id, registry, key }) => `${id} ${registry} ${key}`)).toEqual(["s/0 /r a", "s/1 /r b", "s/2 /q c"]);
  const lines = readFileSync(join(state, "tombstones", "s.jsonl"), "utf8").split("\n");
  expect(lines.filter((line) => line !== "").map((line) => typeof JSON.parse(line))).toEqual(Array(5).fill("object"));
});

test("an exhumed tombstone stands no more, and its neighbours do", () => {
  const state = scratchDirectory();
  writeTombstones(state, "s", [encodeHeader(header), tombstone("a"), tombstone("b"), tombstone("c")]);
  voidTombstones(state, "s", ["s/0", "s/2", "t/1"]);
  expect(readTombstones(state).map(({ key }) => key)).toEqual(["b"]);
  voidTombstones(state, "s", ["s/1"]);
  expect(readTombstones(state)).toEqual([]);
});

test("of those that cannot all be buried none is, and those who lie there already stay", () => {
  const state = scratchDirectory();
  function* torn(): Generator<string, undefined> {
    yield encodeHeader({ ...header, first: 1 });
    yield tombstone("b".repeat(400_000));
    throw new Error("the disk is full");
  }
  writeTombstones(state, "s", [encodeHeader(header), tombstone("a")]);
  const before = readFileSync(join(state, "tombstones", "s.jsonl"), "utf8");
  expect(() => writeTombstones(state, "s", torn())).toThrow("the disk is full");
  expect(readFileSync(join(state, "tombstones", "s.jsonl"), "utf8")).toBe(before);
  writeTombstones(state, "s", [encodeHeader({ ...header, first: 1 }), tombstone("c")]);
  expect(readTombstones(state).map(({ id, key }) => `${id} ${key}`)).toEqual(["s/0 a", "s/1 c"]);
});

test("a grave that leads elsewhere is not followed", () => {
  const state = stateWith({});
  symlinkSync(join(state, "elsewhere"), join(state, "tombstones", "s.jsonl"));
  expect(codeOf(() => writeTombstones(state, "s", [tombstone("a")]))).toBe("ELOOP");
  expect(existsSync(join(state, "elsewhere"))).toBe(false);
});

test("what cannot be made durable is not buried: that is said, and nothing stays open", () => {
  const state = stateWith({});
  const path = join(state, "tombstones", "s.jsonl");
  // A pipe takes what is written to it, and keeps nothing.
  spawnSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  expect(codeOf(() => writeTombstones(state, "s", [encodeHeader(header), tombstone("a")]))).toBe("EINVAL");
  closeSync(reader);
  expect(openIn(state)).toEqual([]);
});

const member = { layout: "members", entries: "", form: "only", after: undefined, cut: "e30=", member: { start: 0, end: 2 } } as const;

/** Lines of a grave in which one thing is not as a sweep writes it. */
const fileText = (first: object, ...lines: readonly object[]): string =>
  [{ plot: first }, ...lines].map((line) => JSON.stringify(line)).join("\n");
const line = { key: "a", sessionId: "i", reason: "pid-gone", detail: "d", content: "e30=", mode: 1, uid: 2, gid: 3, modifiedAt: 4 };
const row = {
  key: "a",
  sessionId: "i",
  reason: "pid-gone",
  detail: "d",
  entries: "",
  form: "only",
  cut: "e30=",
  member: { start: 0, end: 2 },
};
const rows = { ...header, layout: "members" };

test.each(["sweepId", "at", "registry", "format", "layout", "first"] as const)("a plot without its %s holds nobody", (name) => {
  expect(decodeTombstones(fileText({ ...header, [name]: undefined }, line))).toEqual([]);
  expect(decodeTombstones(fileText({ ...header, [name]: [] }, line))).toEqual([]);
});

test.each(["key", "content", "mode", "uid", "gid", "modifiedAt"] as const)(
  "a file's tombstone without its %s holds nobody, and counts",
  (name) => {
    for (const wrong of [undefined, null, {}])
      expect(decodeTombstones(fileText(header, { ...line, [name]: wrong }, { ...line, key: "b" })).map(({ id }) => id)).toEqual(["s/1"]);
  },
);

test.each(["key", "entries", "form", "cut", "member"] as const)("a member's tombstone without its %s holds nobody, and counts", (name) => {
  for (const wrong of [undefined, null, 7])
    expect(decodeTombstones(fileText(rows, { ...row, [name]: wrong }, { ...row, key: "b" })).map(({ id }) => id)).toEqual(["s/1"]);
});

test.each([{ start: 0 }, { end: 2 }, { start: "0", end: 2 }, { start: 0, end: null }])("a member that stood at %j holds nobody", (span) => {
  expect(decodeTombstones(fileText(rows, { ...row, member: span }))).toEqual([]);
});

test("a name that is no text and a pid that is no number are none", () => {
  expect(decodeTombstones(fileText(header, { ...line, identity: 7, pid: "7" }))).toMatchObject([{ identity: undefined, pid: undefined }]);
});

test.each([
  { key: "" },
  { key: "." },
  { key: "../a.lock" },
  { key: "a//b" },
  { key: "/etc/a" },
  { key: "a\0b" },
  { content: "!!!" },
  { content: "e30" },
  { mode: -1 },
  { mode: 0o200000 },
  { mode: 0.5 },
  { uid: -1 },
  { gid: 2 ** 32 },
  { uid: "0" },
  { modifiedAt: 1e300 },
  { acl: "ghosts" },
])("a file's tombstone that was bent to %j holds nobody, and its neighbour is there", (bent) => {
  expect(decodeTombstones(fileText(header, { ...line, ...bent }, { ...line, key: "x/b.lock" })).map(({ id }) => id)).toEqual(["s/1"]);
});

test.each(["!!!", "e30", "e3 0", "e===", "====", "e=30"])("a member's tombstone that cut %j holds nobody", (cut) => {
  expect(decodeTombstones(fileText(rows, { ...row, cut }))).toEqual([]);
});

test("a number that no file system has is none", () => {
  expect(decodeTombstones(fileText(header, line).replace('"mode":1', '"mode":1e400'))).toEqual([]);
});

test("a tombstone of a layout that nobody knows holds nobody", () => {
  expect(decodeTombstones(fileText({ ...header, layout: "strange" }, line))).toEqual([]);
  expect(decodeTombstones(fileText(rows, line))).toEqual([]);
  expect(decodeTombstones(fileText(header, row))).toEqual([]);
});

test("tombstones are numbered from their plot's first on, and empty lines do not count", () => {
  const text = `\n${fileText({ ...header, first: 7 }, line)}\n\n${JSON.stringify({ ...line, key: "b" })}\n${fileText({ ...rows, first: 3 }, row)}\n`;
  expect(decodeTombstones(text).map(({ id, key, kept: { layout } }) => `${id} ${key} ${layout}`)).toEqual([
    "s/7 a files",
    "s/8 b files",
    "s/3 a members",
  ]);
});

test("what a tombstone says comes back as it was buried", () => {
  const unnamed = { identity: undefined, pid: undefined };
  const all = [
    {
      key: "m",
      sessionId: undefined,
      ...unnamed,
      reason: "pid-reused",
      detail: "why",
      kept: { ...member, after: "l", replacedBy: "W10=" },
    },
    { key: "n", sessionId: "n-id", identity: "mars", pid: 7, reason: "pid-gone", detail: "", kept: { ...member, form: "after" } },
  ] as const;
  const text = [encodeHeader({ ...header, layout: "members" }), ...all.map(encodeLine)].join("");
  const common = { at: header.at, registry: "/r", format: header.format };
  expect(decodeTombstones(text)).toEqual(all.map((one, index) => ({ id: `s/${index}`, ...common, ...one })));
  expect(decodeTombstones(text + encodeVoid(["s/0"])).map(({ key }) => key)).toEqual(["n"]);
  expect(decodeTombstones(fileText(header, { ...line, detail: undefined }))).toMatchObject([{ detail: "" }]);
});

test("tombstones that are more than is written at once are all read back, short ones and long ones", () => {
  const state = scratchDirectory();
  const keys = Array.from({ length: 3000 }, (_, index) => `${index}${index === 1500 ? "ü".repeat(200_000) : ""}`);
  writeTombstones(state, "s", [encodeHeader(header), ...keys.map(tombstone)]);
  expect(readTombstones(state).map(({ key }) => key)).toEqual(keys);
});

test("an entry of many megabytes has its tombstone", () => {
  const large = Buffer.alloc(24_000_000, "a").toString("base64");
  expect(decodeTombstones(fileText(rows, { ...row, cut: large }, row)).map(({ id }) => id)).toEqual(["s/0", "s/1"]);
});
