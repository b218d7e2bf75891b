import { expect, test } from "vitest";
import type { Host } from "../../../src/host/host.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { fields } from "../../fields.ts";
import { agentsOf, type Actor, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { outcomesOf, sweepWith, why, type HostOverrides } from "../described.ts";

type Row = Readonly<Record<string, unknown>>;

/** Two processes, each with a session that it left behind and the one that it runs. */
async function withSuperseded() {
  const stage = simulatedStage();
  const row = (who: string, { pid, startTicks }: Actor, id: string, day: number): Row => {
    return { id, who, pid, start: startTicks, since: `2026-01-0${day}T00:00:00Z` };
  };
  const [a, b] = [await stage.alive(), await stage.alive()];
  const rows = {
    "a-old": row("a", a, "old-of-a", 1),
    a: row("a", a, "new-of-a", 2),
    "b-old": row("b", b, "old-of-b", 1),
    b: row("b", b, "new-of-b", 2),
  };
  const named = { ...fields, identity: "who", releasedAt: "releasedAt", releaseReason: "releaseReason" };
  const format = keyedJson({ entries: "/agents", pattern: "", fields: named, about: "session" });
  const target: Target = { ...agentsOf(stage), format };
  const text = JSON.stringify({ agents: rows });
  stage.writeOld(target.path, text);
  const outcomes = async (overrides: HostOverrides) => outcomesOf(await sweepWith(stage, [target], overrides));
  const now = (): Readonly<Record<string, Row>> => {
    return (JSON.parse(stage.read(target.path) ?? "") as { readonly agents: Readonly<Record<string, Row>> }).agents;
  };
  return { stage, target, text, rows, outcomes, now };
}

const released = { releaseReason: "superseded_by_new_start" };

/** Something happens right before the second look at the processes, which is the last one. */
function atLastLook({ host }: Stage, happens: () => Promise<void>): Pick<Host, "lookAtProcesses"> {
  let looks = 0;
  return {
    lookAtProcesses: async (question) => {
      looks += 1;
      if (looks === 2) await happens();
      return host.lookAtProcesses(question);
    },
  };
}

test("when one of two superseded rows shows elsewhere at the last look, the other is stamped all the same", async () => {
  const { stage, rows, outcomes, now } = await withSuperseded();
  expect(await outcomes(atLastLook(stage, () => stage.attach("old-of-a")))).toEqual([
    "a-old skipped; its session shows elsewhere",
    "a kept",
    "b-old released",
    "b kept",
  ]);
  expect(now()).toMatchObject({ ...rows, "b-old": { ...rows["b-old"], ...released } });
  expect(now()["a-old"]).toEqual(rows["a-old"]);
  expect(stage.tombstones().map(({ key }) => key)).toEqual(["b-old"]);
});

test("in a file that changed meanwhile, rows that stand there as they were judged are stamped where they stand now", async () => {
  const { stage, target, text, rows, outcomes, now } = await withSuperseded();
  let swaps = 0;
  const replaceJudged: Host["replaceJudged"] = (...given) => {
    swaps += 1;
    if (swaps === 1) {
      const { "a-old": first, ...others } = rows;
      stage.write(target.path, JSON.stringify({ agents: { ...others, "a-old": { ...first, note: 1 }, more: 5 } }));
    }
    return stage.host.replaceJudged(...given);
  };
  expect(await outcomes({ replaceJudged })).toEqual([
    "a-old skipped; it changed since it was judged",
    "a kept",
    "b-old released",
    "b kept",
  ]);
  expect([swaps, Object.keys(now())]).toEqual([2, ["a", "b-old", "b", "a-old", "more"]]);
  expect(now()["b-old"]).toMatchObject(released);
  const [tombstone] = stage.tombstones();
  const member = `"b-old":${JSON.stringify(rows["b-old"])}`;
  expect(text).toContain(member);
  expect(tombstone).toMatchObject({ key: "b-old", kept: { form: "only", after: "a", cut: Buffer.from(member).toString("base64") } });
});

test("rows of which no tombstone can be taken back stay, and that is what is said of them", async () => {
  const { stage, target, text, outcomes } = await withSuperseded();
  const replaceJudged: Host["replaceJudged"] = () => Promise.resolve({ kind: "failed", problem: "read-only file system" });
  const note = "failed; read-only file system; its tombstone could not be taken back: no space left on device";
  expect(await outcomes({ replaceJudged, store: { voidTombstones: why } })).toEqual([`a-old ${note}`, "a kept", `b-old ${note}`, "b kept"]);
  expect(stage.read(target.path)).toBe(text);
});

test("rows of which no tombstone can be written stay", async () => {
  const { stage, target, text, outcomes } = await withSuperseded();
  const note = "failed; no tombstone could be written: no space left on device";
  expect(await outcomes({ replaceJudged: why, store: { writeTombstones: why } })).toEqual([
    `a-old ${note}`,
    "a kept",
    `b-old ${note}`,
    "b kept",
  ]);
  expect(stage.read(target.path)).toBe(text);
});
