import { expect, test } from "vitest";
import { formatMessage, type Answer } from "../../../src/core/answer.ts";
import { seen, type AppServerObservation } from "../../../src/core/evidence.ts";
import { judge } from "../../../src/core/ladder.ts";
import { appServerThread } from "../../../src/core/rungs/app-server-thread.ts";
import type { Scene } from "../../../src/core/scene.ts";
import { day, now, refused, sceneOf, server, session } from "../scene.ts";

const other = session.replace(/.$/, "b");
const second = "ws://127.0.0.1:9";
const both = [server, second].map((url) => ({ url, configured: true }));
const named = (scene: Scene, sessionId: string): Scene => ({ ...scene, claim: { ...scene.claim, sessionId } });
const kinds = (...scenes: readonly Scene[]): readonly Answer["kind"][] => scenes.map((scene) => appServerThread.ask(scene).kind);

const answered: AppServerObservation = {
  kind: "answered",
  loaded: new Set([session]),
  reads: new Map([[other, { kind: "not-loaded" }]]),
  upMs: seen(day),
};
const oneAnswers = (): Scene => sceneOf({ registry: { appServers: both }, appServers: { [server]: answered, [second]: refused } });
const allRefuse = (): Scene => sceneOf({ registry: { appServers: both }, appServers: { [server]: refused, [second]: refused } });

test("where one server of two answers, a loaded thread lives and another does not, whichever is asked for first", () => {
  const [one, two] = [oneAnswers(), oneAnswers()];
  expect(kinds(named(one, session), named(one, other))).toEqual(["live", "dead"]);
  expect(kinds(named(two, other), named(two, session))).toEqual(["dead", "live"]);
});

test("what is seen later is heard, though it was put into the same evidence", () => {
  const scene = allRefuse();
  expect(kinds(named(scene, session))).toEqual(["dead"]);
  (scene.evidence.appServers as Map<string, AppServerObservation>).set(server, answered);
  expect(kinds(named(scene, session), named(scene, other))).toEqual(["live", "dead"]);
});

test("servers that nobody configured condemn no other registry's threads, and are not spared by them", () => {
  const scene = allRefuse();
  const tried: Scene = { ...scene, registry: { ...scene.registry, appServers: both.map(({ url }) => ({ url, configured: false })) } };
  expect(kinds(scene, tried, scene, tried)).toEqual(["dead", "not-applicable", "dead", "not-applicable"]);
  expect(formatMessage(appServerThread.ask(tried).detail)).toBe(
    `${server} refuses connections; nobody configured this server; ${second} refuses connections; nobody configured this server`,
  );
});

test("what the policy declares is heard for the same look", () => {
  const scene: Scene = sceneOf({
    registry: { appServers: both },
    appServers: { [server]: refused, [second]: refused },
    here: { pidNamespace: seen({ inode: "5", initial: false }) },
  });
  expect(kinds(scene, { ...scene, policy: { ...scene.policy, ownPidNamespace: true } }, scene)).toEqual(["unknown", "dead", "unknown"]);
});

test("an entry that only the TTL can judge is said to be judged sooner with the server that was tried", () => {
  const young = sceneOf({
    claim: { registeredAt: now - day },
    registry: { appServers: [{ url: server, configured: false }] },
    appServers: { [server]: refused },
  });
  expect(formatMessage(judge(young).detail)).toMatch(
    /within the TTL of 7d, and nothing else can tell; judged sooner with --app-server ws:\/\/127\.0\.0\.1:8788$/,
  );
});

test("the word of its owner and that of each configured server are a proof, of a server that is down or young none", () => {
  const ended = (answers: Readonly<Record<string, AppServerObservation>>, appServers: Scene["registry"]["appServers"], upMs = day) => {
    const scene = sceneOf({ claim: { sessionId: other, registeredAt: now }, registry: { appServers }, appServers: answers });
    const observed = new Map(
      [...scene.evidence.appServers].map(([url, one]) => [
        url,
        one.kind === "answered" ? { ...one, upMs: { seen: true, value: upMs } as const } : one,
      ]),
    );
    const said = {
      ...scene,
      evidence: { ...scene.evidence, appServers: observed },
      policy: { ...scene.policy, anyAge: true, ownersWord: true },
    };
    const { verdict, reason, certain } = judge(said);
    const without = judge({ ...said, policy: { ...said.policy, ownersWord: false } });
    expect(without.certain).toBe(false);
    return `${verdict} ${reason}${certain ? ", proven" : ""}`;
  };
  const tried = [
    { url: server, configured: true },
    { url: second, configured: false },
  ];
  expect(ended({ [server]: answered, [second]: answered }, both)).toBe("ghost thread-not-loaded, proven");
  expect(ended({ [server]: answered, [second]: refused }, tried)).toBe("ghost thread-not-loaded, proven");
  expect(ended({ [server]: answered, [second]: refused }, both)).toBe("ghost app-server-down");
  expect(ended({ [server]: refused, [second]: refused }, both)).toBe("ghost app-server-down");
  expect(ended({ [server]: answered, [second]: answered }, both, 1)).toBe("undecided app-server-too-young");
  expect(ended({ [server]: { ...answered, loaded: new Set([other]) }, [second]: answered }, both)).toBe("live thread-loaded");
});
