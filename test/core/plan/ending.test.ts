import { describe, expect, test } from "vitest";
import type { Ending, SeenExit } from "../../../src/core/plan/ending.ts";
import { seen, type PidObservation } from "../../../src/core/evidence.ts";
import {
  agent,
  answered,
  blind,
  minute,
  hour,
  now,
  refused,
  sceneOf,
  second,
  server,
  session,
  showed,
  there,
  verdictOf,
  type Described,
} from "../scene.ts";

const pid = 4242;
const gone = { [pid]: seen<PidObservation>({ kind: "gone" }) };
const exit: SeenExit = { pid, startTicks: "700", outliving: seen([]) };
const saw = (part: Partial<Ending>): Ending => ({ exit: undefined, closedOn: [], ownerUpMs: undefined, ...part });
const young = { pid, startTicks: "700", registeredAt: now - 5 * second };

describe("an exit that this run saw", () => {
  const rows: readonly (readonly [what: string, world: Described, verdict: string])[] = [
    ["its entry is young: it goes", { memory: { ending: saw({ exit }) } }, "ghost attached-process pid-gone certain"],
    ["no exit was seen: grace shelters it", {}, "undecided grace within-grace"],
    [
      "a child that it had started lives",
      { memory: { ending: saw({ exit: { ...exit, outliving: seen([7]) } }) } },
      "undecided grace within-grace",
    ],
    [
      "what it had started could not be looked at",
      { memory: { ending: saw({ exit: { ...exit, outliving: blind } }) } },
      "undecided grace within-grace",
    ],
    [
      "of a claim of the process alone what lives on says nothing",
      { registry: { about: "process" }, memory: { ending: saw({ exit: { ...exit, outliving: seen([7]) } }) } },
      "ghost attached-process pid-gone certain",
    ],
    [
      "of a thread the process only registered it",
      { registry: { about: "thread" }, memory: { ending: saw({ exit }) } },
      "undecided grace within-grace",
    ],
    [
      "its session runs in another agent",
      { table: { agents: [agent(["codex", "resume", session])] }, memory: { ending: saw({ exit }) } },
      "live attached-process attached-cli",
    ],
    [
      "the wall clock cannot be read, so how old its heartbeat is cannot be told",
      { clock: { wallMs: blind }, memory: { ending: saw({ exit }) } },
      "undecided grace age-unknown",
    ],
    ["an operator had put it back", { memory: { restored: true, ending: saw({ exit }) } }, "undecided no-rung restored"],
  ];
  test.each(rows)("%s", (_, world, verdict) => {
    expect(verdictOf(sceneOf({ claim: young, pids: gone, ...world }))).toBe(verdict);
  });

  test("an entry without a start: another process has the pid now, and may have written it", () => {
    const claim = { pid, registeredAt: now - hour };
    const pids = { [pid]: there("900") };
    expect(verdictOf(sceneOf({ claim, pids, memory: { ending: saw({ exit }) } }))).toBe("live attached-process pid-alive");
  });

  test("the very process is there all the same: it lives", () => {
    expect(verdictOf(sceneOf({ claim: young, pids: { [pid]: there("700") }, memory: { ending: saw({ exit }) } }))).toBe(
      "live attached-process pid-alive",
    );
  });
});

describe("a thread that a server closed before the eyes of this run", () => {
  const notLoaded = (upMs: number) => ({
    [server]: answered([], { upMs: seen(upMs), reads: new Map([[session, { kind: "not-loaded" }]]) }),
  });
  const closed = { ending: saw({ closedOn: [server], ownerUpMs: 2 * minute }) };
  const other = "ws://127.0.0.1:8799";
  const configured = { appServers: [{ url: server, configured: true }] };
  const rows: readonly (readonly [what: string, world: Described, verdict: string])[] = [
    ["its entry is young", { memory: closed }, "ghost app-server-thread thread-not-loaded"],
    [
      "the server itself had shown it by its lock, and lives on",
      {
        memory: { ...closed, holders: [showed] },
        table: { appServers: [{ pid: showed.pid, startTicks: showed.startTicks, argv: ["codex", "app-server", "--listen", server] }] },
        pids: { [showed.pid]: there(showed.startTicks) },
      },
      "ghost app-server-thread thread-not-loaded",
    ],
    [
      "the only server names no address, as where a file tells it to listen",
      {
        memory: { ...closed, holders: [showed] },
        table: { appServers: [{ pid: showed.pid, startTicks: showed.startTicks, argv: ["codex", "app-server"] }] },
        pids: { [showed.pid]: there(showed.startTicks) },
      },
      "ghost app-server-thread thread-not-loaded",
    ],
    [
      "one of two that name no address had shown it, and lives on",
      {
        memory: { ...closed, holders: [showed] },
        table: {
          appServers: [showed.pid, 7].map((each) => ({ pid: each, startTicks: showed.startTicks, argv: ["codex", "app-server"] })),
        },
        pids: { [showed.pid]: there(showed.startTicks) },
      },
      "undecided attached-process mentioned",
    ],
    [
      "a server at another address had shown it, and lives on",
      {
        memory: { ...closed, holders: [showed] },
        table: {
          appServers: [
            { pid: showed.pid, startTicks: showed.startTicks, argv: ["codex", "app-server", "--listen", "ws://127.0.0.1:9999"] },
          ],
        },
        pids: { [showed.pid]: there(showed.startTicks) },
      },
      "undecided attached-process mentioned",
    ],
    [
      "a second configured server is down, and has said nothing",
      {
        memory: closed,
        registry: { appServers: [...configured.appServers, { url: other, configured: true }] },
        appServers: { ...notLoaded(2 * minute), [other]: refused },
      },
      "undecided grace within-grace",
    ],
    [
      "the same of an old entry: that server is the reason",
      {
        claim: {},
        memory: closed,
        registry: { appServers: [...configured.appServers, { url: other, configured: true }] },
        appServers: { ...notLoaded(2 * minute), [other]: refused },
      },
      "ghost app-server-thread app-server-down",
    ],
    [
      "another agent had shown it, and lives on",
      { memory: { ...closed, holders: [showed] }, pids: { [showed.pid]: there(showed.startTicks) } },
      "undecided attached-process mentioned",
    ],
    ["no closing was seen", {}, "undecided grace within-grace"],
    [
      "its list has no such thread, and asked for that one it reads it",
      {
        memory: closed,
        appServers: { [server]: answered([], { upMs: seen(2 * minute), reads: new Map([[session, { kind: "other", what: "idle" }]]) }) },
      },
      "undecided app-server-thread app-server-unreachable",
    ],
    ["the server has it again", { memory: closed, appServers: { [server]: answered([session]) } }, "live app-server-thread thread-loaded"],
    [
      "the server was started half a minute ago",
      { memory: closed, appServers: notLoaded(30 * second) },
      "undecided app-server-thread app-server-too-young",
    ],
    [
      "nobody configured that server",
      { memory: closed, registry: { appServers: [{ url: server, configured: false }] } },
      "undecided grace within-grace",
    ],
    [
      "it names no thread that could have been closed",
      { memory: closed, claim: { sessionId: undefined, registeredAt: now - 5 * second } },
      "undecided grace within-grace",
    ],
    ["its row records a process, which counts then", { memory: closed, claim: young, pids: gone }, "undecided grace within-grace"],
    ...["its server is down", "nobody asked its server"].map((what): readonly [string, Described, string] => [
      `its record of a process has an endpoint that refuses, and ${what}`,
      {
        memory: closed,
        claim: { registeredAt: now - 5 * second, endpoint: { kind: "tcp", port: 7000 } },
        registry: { ...configured, about: "process" },
        endpoints: { "127.0.0.1:7000": refused },
        appServers: what === "its server is down" ? { [server]: refused } : {},
      },
      "undecided grace within-grace",
    ]),
  ];
  test.each(rows)("%s", (_, world, verdict) => {
    const claim = { registeredAt: now - 5 * second };
    expect(verdictOf(sceneOf({ claim, registry: configured, appServers: notLoaded(2 * minute), ...world }))).toBe(verdict);
  });
});
