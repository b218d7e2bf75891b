import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimFrom, type FieldMap } from "../../src/registries/fields.ts";
import type { Claim } from "../../src/registries/format.ts";
import { runs } from "../core/worlds.ts";

const fields: FieldMap = {
  sessionId: "id",
  identity: "name",
  pid: "pid",
  startTicks: "start",
  bootId: "boot",
  machineId: "machine",
  pidNamespace: "ns",
  registeredAt: "since",
  lastHeartbeatAt: "beat",
  master: "master",
  releasedAt: "gone",
  releaseReason: "why",
  automatic: "auto",
  subprocessId: "child",
  tmuxSession: "tmux",
};

const boot = "d7201e58-0b6a-4e5f-bc1d-a3790f221e08";

const read = (value: unknown): Claim => claimFrom("mars", value, fields);
const claimed = (value: unknown): object | string => {
  const claim = read(value);
  return claim.ok ? claim.registration : claim.problem;
};

describe("an entry", () => {
  test("claims what its members say", () => {
    const value = { id: "a", name: "n", pid: 7, start: "0070", boot: "b", since: 1_795_186_800, master: 1 };
    expect(claimed(value)).toMatchObject({
      key: "mars",
      sessionId: "a",
      pid: 7,
      startTicks: "70",
      registeredAt: 1_795_186_800_000,
      master: true,
    });
  });

  test.each([{}, { id: null, pid: null, since: null }])("%j claims nothing", (value) => {
    expect(claimed(value)).toMatchObject({ sessionId: undefined, pid: undefined, registeredAt: undefined, master: false });
  });

  test.each([
    ["an lstart date is no start token", { start: "Fri Nov 20 15:00:00 2026" }, { startTicks: undefined }],
    ["a fraction of a tick is no start token", { start: 1.5 }, { startTicks: undefined }],
    ["a number of ticks is one", { start: 70 }, { startTicks: "70" }],
    ["a start token that names its boot", { start: `${boot}:70` }, { startTicks: "70", bootId: boot }],
    [
      "a start token of the boot that the entry names",
      { start: `${boot}:70`, boot: boot.replaceAll("-", "") },
      { startTicks: "70", bootId: boot },
    ],
    [
      "a start token of another boot than the entry names",
      { start: `${boot}:70`, boot: boot.replace("d", "e") },
      { startTicks: undefined, bootId: undefined },
    ],
    ["a name is no boot id", { boot: "b" }, { bootId: undefined }],
    ["a number is no boot id", { boot: 1_763_650_000 }, { bootId: undefined }],
    ["a boot id in capitals and without hyphens", { boot: boot.replaceAll("-", "").toUpperCase() }, { bootId: boot }],
    ["a pid namespace by its inode", { ns: 4_026_531_836 }, { pidNamespace: "4026531836" }],
    ["a pid namespace as /proc spells it", { ns: "pid:[4026531836]" }, { pidNamespace: "4026531836" }],
    ["a pid namespace in words is none of ours", { ns: "container-7" }, { pidNamespace: "container-7" }],
    ["a machine's id", { machine: "0123456789abcdef0123456789abcdef" }, { machineId: "0123456789abcdef0123456789abcdef" }],
    ["a pid in digits", { pid: "4711" }, { pid: 4711 }],
    ["a pid in digits, with the line end of a file", { pid: " 4711\n" }, { pid: 4711 }],
    ["a line end is no pid", { pid: "\n" }, { pid: undefined }],
    ["nought is no pid", { pid: 0 }, { pid: undefined }],
    ["minus one is no pid", { pid: -1 }, { pid: undefined }],
    ["an empty text is no pid", { pid: "" }, { pid: undefined }],
    ["nought in digits is no pid", { pid: "0" }, { pid: undefined }],
    ["an empty text is no tmux session", { tmux: "" }, { tmuxSession: undefined }],
    ["a tmux session by its number", { tmux: 7 }, { tmuxSession: "7" }],
    ["a text that is no time is no evidence", { since: "session 5" }, { registeredAt: undefined }],
  ])("%s", (_, value, expected) => {
    expect(claimed(value)).toMatchObject(expected);
  });

  test.each([
    [5],
    ["text"],
    [null],
    [[]],
    [{ pid: -7 }],
    [{ pid: "7a" }],
    [{ pid: " 7 8" }],
    [{ pid: true }],
    [{ pid: 4_194_305 }],
    [{ pid: 2.5 }],
    [{ id: "" }],
    [{ id: 7 }],
    [{ since: {} }],
    [{ master: "yes" }],
    [{ start: {} }],
  ])("%j cannot be understood", (value) => {
    expect(read(value).ok).toBe(false);
  });

  test.each([
    ["a release that names a time", { gone: "2026-11-20T15:00:00Z" }, { releasedAt: Date.UTC(2026, 10, 20, 15) }],
    ["a release at a time that is none", { gone: "yesterday" }, { releasedAt: Number.NaN }],
    ["a release that did not happen", { gone: false }, { releasedAt: undefined }],
    ["a release that has not happened yet", { gone: "" }, { releasedAt: undefined }],
    ["a reason", { why: "stale" }, { releaseReason: "stale" }],
    ["a reason that is no text", { why: 7 }, { releaseReason: undefined }],
    ["a mark", { auto: "reconnect" }, { automatic: true }],
    ["a mark that is a number", { auto: 1 }, { automatic: true }],
    ["a mark that is false", { auto: false }, { automatic: false }],
    ["a mark that is nought", { auto: 0 }, { automatic: false }],
    ["a mark that is empty", { auto: "" }, { automatic: false }],
    ["a child by its number", { child: 7 }, { subprocessId: "7" }],
    ["a child by its name", { child: "c-7" }, { subprocessId: "c-7" }],
  ])("with %s is read as that", (_, value, expected) => {
    expect(claimed(value)).toMatchObject(expected);
  });

  test("may stand bare among objects, where the entry itself is a field", () => {
    const bare: FieldMap = { sessionId: "id", pid: "<value>" };
    expect(claimFrom("mars", 7, bare)).toMatchObject({ ok: true, registration: { pid: 7, sessionId: undefined } });
    expect(claimFrom("mars", { id: "a" }, bare)).toMatchObject({ ok: true, registration: { pid: undefined, sessionId: "a" } });
    expect(claimFrom("mars", [7], bare)).toMatchObject({ ok: false, problem: "is an array, not an object" });
  });

  test("inherits nothing: members of Object.prototype are not its own", () => {
    expect(claimFrom("mars", JSON.parse('{"__proto__":{"pid":7}}'), fields)).toMatchObject({ ok: true, registration: { pid: undefined } });
    expect(claimFrom("mars", {}, { cwd: "constructor" })).toMatchObject({ ok: true, registration: { cwd: undefined } });
  });
});

describe("what an entry says", () => {
  const identityText = (value: unknown): string | undefined => {
    const claim = read(value);
    return claim.ok ? claim.identityText() : undefined;
  };

  test("is the same whatever its heartbeat", () => {
    expect(identityText({ id: "a", beat: 1 })).toBe(identityText({ id: "a", beat: "2026-11-20T15:00:00Z" }));
  });

  test("is the same whatever the heartbeat that a pointer names, and another where a member of that name elsewhere changes", () => {
    const said = (value: unknown, lastHeartbeatAt: string): string | undefined => {
      const claim = claimFrom("mars", value, { sessionId: "id", lastHeartbeatAt });
      return claim.ok ? claim.identityText() : undefined;
    };
    const value = (beat: number, deep: number): object => ({ id: "a", beat, task: { beat: deep, list: [{ beat: deep }] } });
    expect(said(value(1, 1), "beat")).toBe(said(value(2, 1), "beat"));
    expect(said(value(1, 1), "beat")).not.toBe(said(value(1, 2), "beat"));
    expect(said({ ...value(1, 1), task: { beat: 1 } }, "/task/beat")).toBe(said({ ...value(1, 1), task: { beat: 2 } }, "/task/beat"));
    expect(said(value(1, 1), "/task/beat")).not.toBe(said(value(2, 1), "/task/beat"));
    expect(said({ id: "a", "/task": 1 }, "/task/beat")).not.toBe(said({ id: "a", "/task": 2 }, "/task/beat"));
    expect(said({ id: "a", task: "x" }, "/task/beat")).not.toBe(said({ id: "a", task: "y" }, "/task/beat"));
  });

  test.each([
    [{ id: "a", beat: "tick 7" }, '"tick 7"'],
    [{ id: "a", beat: 7 }, "7"],
    [{ id: "a", beat: "2026-11-20T15:00:00Z" }, undefined],
    [{ id: "a", beat: null }, undefined],
    [{ id: "a" }, undefined],
  ])("has the heartbeat of %j as text where that is no time", (value, unreadBeat) => {
    const claim = read(value);
    expect(claim.ok && claim.unreadBeat).toBe(unreadBeat);
  });

  test.each([
    [{ id: "a", beat: "2026-11-20 15:00:00" }, true],
    [{ id: "a", beat: "2026-11-20T15:00:00" }, true],
    [{ id: "a", since: "Fri, 20 Nov 2026 15:00:00 GMT", beat: "2026-11-20T15:00:00Z" }, true],
    [{ id: "a", since: 1.795e18 }, true],
    [{ id: "a", since: "2026-11-20T15:00:00+09:00", beat: "" }, undefined],
    [{ id: "a", since: 0, beat: null }, undefined],
  ])("%j has a time that is written in a way that is none: %s", (value, expected) => {
    const claim = read(value);
    expect(claim.ok && claim.registration.hasUnreadTime).toBe(expected);
  });

  test.each([[{ id: "b", beat: 1 }], [{ id: "a", beat: 1, more: 1 }], [{ beat: 1, id: "a" }], [{ id: "a" }]])(
    "is another in %j",
    (value) => {
      expect(identityText(value)).not.toBe(identityText({ id: "a", beat: 1 }));
    },
  );
});

test("no value at all makes the reader throw, and what it understands is of the type that it claims", () => {
  const member = fc.oneof(fc.jsonValue(), fc.constantFrom(1_795_186_800, 4_194_304, "2026-11-20T15:00:00Z", true));
  const keys = fc.constantFrom(...Object.values(fields), "other", "__proto__");
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(keys, member), fc.jsonValue()), (value) => {
      const claim = read(value);
      if (!claim.ok) return;
      const { pid, startTicks, registeredAt, sessionId } = claim.registration;
      expect(pid === undefined || (Number.isInteger(pid) && pid > 1)).toBe(true);
      expect(startTicks === undefined || /^(?:0|[1-9]\d*)$/.test(startTicks)).toBe(true);
      expect(registeredAt === undefined || Number.isInteger(registeredAt)).toBe(true);
      expect(sessionId).not.toBe("");
    }),
    runs(2000),
  );
});
