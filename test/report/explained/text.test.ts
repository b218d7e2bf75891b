import widthOf from "fast-string-width";
import { describe, expect, test } from "vitest";
import { reasons, reasonSentence } from "../../../src/core/reasons.ts";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { explainNext } from "../../../src/report/explained/next.ts";
import { explainText } from "../../../src/report/explained/text.ts";
import type { Explained, RungAnswer } from "../../../src/report/explained/explained.ts";
import type { EntryReport } from "../../../src/report/model/sweep.ts";
import { plain } from "../../../src/report/visible.ts";
import { entry, ghost } from "../reports.ts";
import { japanese, marked, screenOf } from "../screen/screens.ts";

const home = "/home/dev";
const hour = 3_600_000;
const nowMs = Date.UTC(2026, 10, 26, 13, 30);
const at = (ms: number, from: number, to: number): string => new Date(ms).toISOString().slice(from, to);
const times = {
  moment: (ms: number) => `${at(ms, 5, 10)} ${at(ms, 11, 16)}`,
  time: (ms: number) => at(ms, 11, 16),
  day: (ms: number) => at(ms, 5, 10),
};

const files = { title: "Claude Code sessions", isFiles: true };
const bridge = { title: "llmmsg bridge", isFiles: false };

const rungNames = ["grace", "attached-process", "app-server-thread", "ttl"] as const;

/** The answers of the four rungs, as far as they were asked. */
function rungs(...answers: readonly RungAnswer["answer"][]): readonly RungAnswer[] {
  return rungNames.map((name, index) => {
    const answer = answers[index] ?? { kind: "not-applicable", detail: "" };
    return { name, rule: `The rule of ${name}.`, answer, isGate: name === "grace", asked: index < answers.length };
  });
}

const passed = { kind: "not-applicable", detail: "registered 5h ago" } as const;
const noServer = { kind: "not-applicable", detail: "no app server to ask" } as const;

function explained(one: EntryReport, more: Partial<Explained> = {}): Explained & { readonly nowMs: number } {
  return {
    entry: one,
    title: files,
    why: reasonSentence(one.reason, defaultPolicy),
    name: one.key.replace(/\.json$/, ""),
    host: undefined,
    isOnServer: false,
    lastHeartbeatAt: undefined,
    released: undefined,
    rungs: rungs(passed),
    settledBy: undefined,
    revisions: [],
    remembered: null,
    judgedFrom: undefined,
    ghostFrom: undefined,
    protectedUntil: undefined,
    owner: { up: false, pids: [] },
    reportOnly: undefined,
    isThread: false,
    triedServers: [],
    isTimerOn: false,
    ...more,
    nowMs,
  };
}

const session = "b8a1abcd-1a69-46c7-8da4-f9fc3c6da5d7";
const ofFile = (more: Partial<EntryReport>): Partial<EntryReport> => ({
  registry: `${home}/.claude/sessions`,
  format: "claude-sessions",
  sessionId: session,
  cwd: `${home}/src/docs`,
  registeredAt: nowMs - 5 * hour,
  ageMs: 5 * hour,
  ...more,
});
const ofBridge = (more: Partial<EntryReport>): Partial<EntryReport> => ({
  registry: "/opt/llmmsg-srv/bridge/registrations.json",
  sessionId: "019d7b2f-5ede-7c71-b2fd-bfff53df6cde",
  cwd: `${home}/venus-docs-ca`,
  registeredAt: nowMs - 30 * hour,
  ageMs: 30 * hour,
  ...more,
});

const gone = { kind: "dead", reason: "pid-gone", detail: "pid 31955 is gone", certain: true } as const;

const scenes = {
  live: explained(entry(ofFile({ key: "23744.json", pid: 23_744, reason: "pid-alive" })), {
    rungs: rungs(passed, { kind: "live", reason: "pid-alive", detail: "pid 23744 is alive since tick 12345" }),
    settledBy: 2,
  }),
  torn: explained(
    ghost({
      ...ofFile({ key: "31955.json", pid: 31_955, sessionId: null, cwd: null, registeredAt: null, ageMs: 12 * hour }),
      body: "torn",
      action: "pending",
      nextLookAt: nowMs + 4 * 60_000,
    }),
    { rungs: rungs({ ...passed, detail: "written 12h ago" }, gone, noServer), settledBy: 2 },
  ),
  ghost: explained(ghost(ofFile({ key: "31996.json", pid: 31_996, action: "would-reap" })), {
    rungs: rungs(passed, { ...gone, detail: "pid 31996 is gone" }, noServer),
    settledBy: 2,
  }),
  young: explained(
    entry(ofFile({ key: "31943.json", verdict: "undecided", reason: "within-grace", ageMs: 60_000, registeredAt: nowMs - 60_000 })),
    {
      rungs: rungs({ kind: "unknown", reason: "within-grace", detail: "registered 1m ago, within the grace period of 10m" }),
      settledBy: 1,
      judgedFrom: nowMs + 9 * 60_000,
    },
  ),
  blind: explained(entry(ofBridge({ key: "venus-docs-ca", verdict: "undecided", reason: "app-server-unreachable" })), {
    title: bridge,
    rungs: rungs(
      { ...passed, detail: "registered 30h ago" },
      { kind: "not-applicable", detail: "it records no pid; no process carries its id" },
      { kind: "unknown", reason: "app-server-unreachable", detail: "ws://127.0.0.1:8788: timeout" },
    ),
    settledBy: 3,
  }),
  thread: explained(entry(ofBridge({ key: "venus-docs-ca", verdict: "undecided", reason: "within-ttl" })), {
    title: bridge,
    rungs: rungs(passed, { kind: "not-applicable", detail: "it records no pid" }, noServer, {
      kind: "unknown",
      reason: "within-ttl",
      detail: "registered 30h ago, within the TTL of 7d",
    }),
    settledBy: 4,
    ghostFrom: nowMs + 138 * hour,
    isThread: true,
  }),
  tried: explained(entry(ofBridge({ key: "venus-docs-ca", verdict: "undecided", reason: "within-ttl" })), {
    title: bridge,
    rungs: rungs(
      passed,
      { kind: "not-applicable", detail: "it records no pid" },
      { kind: "not-applicable", detail: "ws://127.0.0.1:8788 refuses connections; nobody configured this server" },
      { kind: "unknown", reason: "within-ttl", detail: "registered 30h ago, within the TTL of 7d" },
    ),
    settledBy: 4,
    ghostFrom: nowMs + 138 * hour,
    isThread: true,
    triedServers: ["ws://127.0.0.1:8788"],
  }),
  held: explained(ghost(ofBridge({ key: japanese, reason: "thread-not-loaded", action: "withheld" })), {
    title: bridge,
    rungs: rungs(
      passed,
      { kind: "not-applicable", detail: "it records no pid" },
      { kind: "dead", reason: "thread-not-loaded", detail: "ws://127.0.0.1:8788 lists 3 threads, not this one", certain: false },
    ),
    settledBy: 3,
    owner: { up: true, pids: [4711], argv: ["bridge.mjs", "watch"], unit: "llmmsg-bridge.service" },
  }),
  doubted: explained(
    entry(
      ofBridge({
        key: "auditor",
        verdict: "undecided",
        reason: "mentioned",
        detail: "node (pid 812) carries its id, and whether it runs it cannot be told",
      }),
    ),
    {
      title: bridge,
      rungs: rungs(
        passed,
        { kind: "unknown", reason: "mentioned", detail: "node (pid 812) carries its id, and whether it runs it cannot be told" },
        noServer,
      ),
      settledBy: 2,
    },
  ),
  released: explained(entry(ofBridge({ key: "auditor", verdict: "undecided", reason: "no-claim", detail: "it was released: manual" })), {
    title: bridge,
    released: { at: nowMs - 3 * hour, reason: "manual" },
    rungs: rungs(),
  }),
  restored: explained(entry(ofFile({ key: "31996.json", verdict: "undecided", reason: "restored" })), {
    rungs: rungs(),
    protectedUntil: nowMs + 100 * hour,
  }),
  row: explained(
    ghost(
      ofBridge({
        registry: `${home}/.agents/fleet.db`,
        key: "7",
        identity: "reviewer",
        action: "would-release",
        lastActivityAt: nowMs - 9 * hour,
      }),
    ),
    {
      title: { title: "fleet.db", isFiles: false },
      rungs: rungs(passed, gone, noServer),
      settledBy: 2,
      revisions: [{ name: "superseded", rule: "Its rule.", detail: "the same process has started another session since, registered as 9" }],
    },
  ),
  elsewhere: explained(entry(ofBridge({ key: "mars", pid: 4, verdict: "undecided", reason: "foreign-host" })), {
    title: bridge,
    host: "mars",
    rungs: rungs(passed, { kind: "unknown", reason: "foreign-host", detail: "it runs on mars; this is venus" }, noServer),
    settledBy: 2,
  }),
  misshapen: explained(
    entry(
      ofBridge({
        key: `a\u001b[2J\u202e${marked}'b`,
        verdict: "undecided",
        reason: "malformed-entry",
        detail: "it is no object",
        sessionId: null,
        cwd: `/${"語".repeat(200)}`,
        registeredAt: null,
        ageMs: null,
      }),
    ),
    { title: bridge, rungs: [] },
  ),
} as const;

const textAt = (columns: number | undefined, one: Explained & { readonly nowMs: number }, verbose = false): readonly string[] =>
  explainText(one, times, { screen: screenOf(columns), palette: plain, home, verbose });

type Scene = keyof typeof scenes;
const sceneNames = Object.keys(scenes) as readonly Scene[];

test.each([100, 60, 30])("every kind of entry is explained at %i columns", async (columns) => {
  const screens = sceneNames.map((name) => `[${name}]\n${textAt(columns, scenes[name]).join("\n")}\n`);
  await expect(screens.join("\n")).toMatchFileSnapshot(`golden/explain-${columns}.txt`);
});

test.each([28, 30, 40, 49, 50, 60, 100])("no line is wider than %i columns, with all that is known, too", (columns) => {
  for (const name of sceneNames)
    for (const verbose of [false, true])
      for (const line of textAt(columns, scenes[name], verbose)) expect(widthOf(line), `${name}: ${line}`).toBeLessThanOrEqual(columns);
});

test("ticks, rules, what a rung would have said and what sweeps remember are for those who ask for everything", () => {
  const one = explained(scenes.live.entry, {
    rungs: scenes.live.rungs,
    settledBy: 2,
    remembered: {
      seenForMs: hour,
      absentForMs: null,
      secondLookInMs: null,
      longestGapMs: null,
      stillForMs: null,
      clockStepped: false,
      holders: [],
      startTokensProven: true,
    },
  });
  const [few, all] = [textAt(100, one).join("\n"), textAt(100, one, true).join("\n")];
  for (const word of ["tick 12345", "The rule of ttl.", "first seen 1h ago", "pid-alive: "]) {
    expect(few).not.toContain(word);
    expect(all).toContain(word);
  }
});

describe("what comes next", () => {
  const nextOf = (more: Partial<Explained>, one: EntryReport = scenes.ghost.entry): string =>
    explainNext(explained(one, more), times)
      .map((parts) => parts.map((part) => (typeof part === "string" ? part : part.text)).join(""))
      .join(" | ");

  test("is said of each reason for which an entry can be kept", () => {
    for (const reason of reasons)
      for (const verdict of ["live", "undecided"] as const)
        expect(nextOf({}, entry({ reason, verdict, pid: 7 })), reason).toMatch(/^(?:kept (?:while|until)|left alone)/);
  });

  test.each([
    ["a timer's sweep", { isTimerOn: true }, {}, "the next sweep reaps it, within 5 minutes; at once: sessreap reap 31996"],
    ["a sweep by hand", {}, {}, "the next sweep reaps it; at once: sessreap reap 31996"],
    [
      "two sweeps, where none has seen it yet",
      {},
      { action: "pending", nextLookAt: null },
      /^a sweep, and one 4 minutes after it, reap it; /,
    ],
    ["a lock of an older name of this machine", {}, { action: "would-heal" }, "the next sweep takes it over under this machine's name"],
    [
      "nothing, where its registry may not be changed",
      { reportOnly: "it is on a read-only mount" },
      { action: "withheld" },
      "held back: it is on a read-only mount",
    ],
    [
      "a sweep of the machine whose row it is, and no operator's word",
      { host: "mars", isOnServer: true },
      { action: "kept", verdict: "undecided", reason: "foreign-host" },
      /^kept until a sweep on mars judges it, or its server calls both of them silent$/,
    ],
    ["a name that begins like an option", { name: "-x" }, { action: "pending", nextLookAt: null }, /; at once: sessreap reap --now -- -x$/],
    ["a name that a shell would take apart", { name: "a 'b'\u001b$(c)" }, {}, String.raw`at once: sessreap reap 'a '\''b'\''\x1b$(c)'`],
    ["this entry alone, where its name is a pattern", { name: "*" }, {}, /^the next sweep reaps it; at once: sessreap reap '\*'$/],
    [
      "a day, where it was put back",
      { protectedUntil: undefined },
      { action: "kept", verdict: "undecided", reason: "restored" },
      "left alone; sooner: sessreap reap --now 31996",
    ],
  ] as const)("is %s", (_, more, one, said) => {
    expect(nextOf(more, { ...scenes.ghost.entry, ...one })).toMatch(said);
  });
});
