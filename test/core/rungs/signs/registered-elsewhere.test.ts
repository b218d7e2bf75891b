import { describe, expect, test } from "vitest";
import { registeredBy, registeredOf, unreadFor, type Witness } from "../../../../src/core/agents/registered.ts";
import { seen } from "../../../../src/core/evidence.ts";
import type { Registered } from "../../../../src/core/agents/registered-sessions.ts";
import type { Registration } from "../../../../src/core/registration.ts";
import {
  agent,
  answered,
  blind,
  configured,
  gone,
  sceneOf,
  server,
  session,
  shows,
  there,
  verdictOf,
  type Described,
  registeredSessions,
} from "../../scene.ts";

const pid = 4242;
const held = { pid, startTicks: "700" } as const;
const proof: Registered = { registry: "/claudes", key: "9.json", where: "/claudes/9.json", pid: 9, isProven: true, said: "pid 9 is alive" };
const of = (...those: readonly Partial<Registered>[]): Pick<Described, "registered"> => {
  return { registered: registeredSessions(new Map([[session, those.map((one) => ({ ...proof, ...one }))]])) };
};
const unreadOf = (uid: number): Pick<Described, "registered"> => {
  return { registered: registeredSessions(new Map(), [{ uid, why: "/home/u/.claude/sessions: permission denied" }]) };
};
const sameRegistry = { registry: "/registry" };

const rows: readonly (readonly [string, Described, string])[] = [
  ["no other registration", {}, "ghost ttl ttl-expired"],
  ["a process that is proven to run it", of({}), "live attached-process registered-alive"],
  ["its session in another spelling", { ...of({}), claim: { sessionId: session.toUpperCase() } }, "live attached-process registered-alive"],
  ["a process of which only the pid is known", of({ isProven: false }), "undecided attached-process registered-alive"],
  ["one of each", of({ isProven: false }, {}), "live attached-process registered-alive"],
  ["its own registration", of({ ...sameRegistry, key: "mars" }), "ghost ttl ttl-expired"],
  ["another session's", { ...of({}), claim: { sessionId: "another-session" } }, "ghost ttl ttl-expired"],
  ["a place that could not be read", { registered: blind }, "undecided attached-process homes-unseen"],
  [
    "records that could not be read, of the user who has written the entry",
    { ...unreadOf(1000), registry: { writer: 1000 } },
    "undecided attached-process homes-unseen",
  ],
  ["records that could not be read, of another user", { ...unreadOf(1001), registry: { writer: 1000 } }, "ghost ttl ttl-expired"],
  [
    "records that could not be read, where any user can have written",
    { ...unreadOf(1001), registry: { writer: undefined } },
    "undecided attached-process homes-unseen",
  ],
  [
    "records that could not be read, and one that proves it",
    { registered: registeredSessions(new Map([[session, [proof]]]), [{ uid: 1000, why: "denied" }]) },
    "live attached-process registered-alive",
  ],
  ["records that could not be read, and no session", { ...unreadOf(1000), claim: { sessionId: undefined } }, "ghost ttl ttl-expired"],
  [
    "a claim of a process of which nothing is recorded, and a process that is proven to run its session",
    { ...of({}), registry: { about: "process" } },
    "live attached-process registered-alive",
  ],
  [
    "a dead holder, and a process that runs it",
    { ...of({}), claim: held, pids: { [pid]: gone } },
    "live attached-process registered-alive",
  ],
  [
    "a dead holder, and another row of its registry that is proven live",
    { ...of(sameRegistry), claim: held, pids: { [pid]: gone } },
    "ghost attached-process pid-gone certain",
  ],
  [
    "a dead holder, another row of its registry that is proven live, and whatever else the session shows",
    {
      ...of(sameRegistry),
      claim: held,
      pids: { [pid]: gone },
      table: { agents: [agent(["codex", "resume", session])] },
      registry: { appServers: configured },
      appServers: { [server]: answered([session]) },
    },
    "ghost attached-process pid-gone certain",
  ],
  [
    "a dead holder, and another row of its registry of which only the pid is known",
    { ...of({ ...sameRegistry, isProven: false }), claim: held, pids: { [pid]: gone } },
    "undecided attached-process registered-alive",
  ],
  [
    "a holder that could not be looked at, and another row of its registry",
    { ...of(sameRegistry), claim: held, pids: { [pid]: blind } },
    "live attached-process registered-alive",
  ],
  [
    "a holder that nothing proves, and another row of its registry",
    { ...of(sameRegistry), claim: { pid }, registry: { holderNames: ["codex"] }, pids: { [pid]: shows({ names: seen(["sh"]) }) } },
    "live attached-process registered-alive",
  ],
  [
    "a holder that an operator has ruled out, and another row of its registry",
    {
      ...of(sameRegistry),
      claim: { pid },
      registry: { holderNames: ["codex"] },
      pids: { [pid]: shows({ names: seen(["sh"]) }) },
      policy: { despite: { pid, startTicks: "700" } },
    },
    "ghost attached-process pid-reused certain",
  ],
  [
    "a claim of a process that is gone",
    { ...of({}), claim: held, pids: { [pid]: gone }, registry: { about: "process" } },
    "ghost attached-process pid-gone certain",
  ],
];

test.each(rows)("%s", (_, described, expected) => {
  expect(verdictOf(sceneOf(described))).toBe(expected);
});

test("where nothing was read, no user's records are told to be the unread ones", () => {
  expect(unreadFor(sceneOf({ registered: blind }))).toBeUndefined();
  expect(unreadFor(sceneOf(unreadOf(1000)))).toMatchObject({ uid: 1000 });
});

describe("what a registration says of its session", () => {
  const words = (claim: Partial<Registration>, described: Described = {}): string | readonly string[] => {
    const {
      claim: whole,
      registry,
      evidence,
      policy,
    } = sceneOf({ ...described, claim: { ...held, ...claim }, registry: { id: "/claudes", about: "process" } });
    const witness: Witness = { claim: whole, registry, where: "/claudes/4242.json" };
    const registered = registeredBy({ all: [witness], unread: [] }, evidence, policy);
    if (!registered.seen) return "unseen";
    return (registered.value.bySession.get(session) ?? []).map(({ isProven }) => (isProven ? "proven" : "a doubt"));
  };
  const inside = (startTicks: string) => ({ innerPids: seen(new Map([[pid, [{ pid: 77, startTicks, ownTime: true, agent: true }]]])) });

  test.each<readonly [string, Partial<Registration>, Described, string | readonly string[]]>([
    ["it runs since the recorded tick", {}, { pids: { [pid]: there() } }, ["proven"]],
    ["it runs, and recorded no start", { startTicks: undefined }, { pids: { [pid]: there() } }, ["a doubt"]],
    ["its start could not be read", {}, { pids: { [pid]: shows({ startTicks: blind }) } }, ["a doubt"]],
    ["it could not be looked at", {}, { pids: { [pid]: blind } }, ["a doubt"]],
    ["it is gone", {}, { pids: { [pid]: gone } }, []],
    ["its pid is another process's", {}, { pids: { [pid]: there("701") } }, []],
    ["it runs in a container, since the recorded tick", {}, { pids: { [pid]: gone }, table: inside("700") }, ["proven"]],
    ["it runs on another host", { host: "saturn" }, { pids: { [pid]: there() } }, ["a doubt"]],
    [
      "it runs on another host, which is declared gone",
      { host: "saturn" },
      { pids: { [pid]: there() }, policy: { hostsGone: ["saturn"] } },
      [],
    ],
    ["it runs in a namespace that is not ours", { pidNamespace: "4026539999" }, { pids: { [pid]: there() } }, ["a doubt"]],
    ["it was released", { releasedAt: 5, registeredAt: 4 }, { pids: { [pid]: there() } }, []],
    ["it was released at a time that cannot be read", { releasedAt: Number.NaN, registeredAt: 4 }, { pids: { [pid]: there() } }, []],
    ["it was released, and registered again", { releasedAt: 5, registeredAt: 6 }, { pids: { [pid]: there() } }, ["proven"]],
    ["it was released, and has beaten since", { releasedAt: 5, lastHeartbeatAt: 6 }, { pids: { [pid]: there() } }, ["proven"]],
    ["our own namespace could not be seen", {}, { pids: { [pid]: there() }, here: { pidNamespace: blind } }, ["a doubt"]],
    ["it names no session", { sessionId: undefined }, { pids: { [pid]: there() } }, []],
    ["nothing was seen", {}, { processes: blind }, "unseen"],
  ])("%s", (_, claim, described, expected) => {
    expect(words(claim, described)).toEqual(expected);
  });

  test("of many that are alike two are kept for each registry and kind, and every proven process is known", () => {
    const { claim, registry, evidence, policy } = sceneOf({ claim: held, registry: { about: "process" }, pids: { [pid]: there() } });
    const witnesses = ["/a", "/b"].flatMap((id) =>
      [held.startTicks, undefined].flatMap((startTicks) =>
        Array.from({ length: 50 }, (_, nth): Witness => {
          return { claim: { ...claim, startTicks, key: `${startTicks} ${nth}` }, registry: { ...registry, id }, where: `${id}/${nth}` };
        }),
      ),
    );
    const registered = registeredBy({ all: witnesses, unread: [] }, evidence, policy);
    if (!registered.seen) throw new TypeError("processes were seen");
    const kept = (registered.value.bySession.get(session) ?? []).map((one) => `${one.registry} ${one.isProven} ${one.key.split(" ")[1]}`);
    expect(kept.toSorted((a, b) => a.localeCompare(b))).toEqual(
      ["/a", "/b"].flatMap((id) => [false, true].flatMap((isProven) => [0, 1].map((nth) => `${id} ${isProven} ${nth}`))),
    );
    expect([...registered.value.provenPids]).toEqual([pid]);
  });

  test("an entry that records two processes leaves room for the word of another one", () => {
    const { claim, registry, evidence, policy } = sceneOf({ claim: held, registry: { about: "process" }, pids: { [pid]: there() } });
    const witness = (key: string): Witness => ({ claim: { ...claim, key }, registry, where: `/claudes/${key}` });
    const registered = registeredBy({ all: [witness("a"), witness("a"), witness("b")], unread: [] }, evidence, policy);
    const own = sceneOf({ claim: { ...held, key: "a" }, registry: { about: "process" }, registered });
    expect(registeredOf(own)).toMatchObject({ seen: true, value: [{ key: "b" }] });
  });
});
