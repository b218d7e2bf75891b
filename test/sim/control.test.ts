import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Control } from "./control.ts";
import { History } from "./history.ts";
import { tableOf } from "./tables.ts";
import { worldNames, worlds, type World } from "./worlds.ts";

/** So many histories are told until one breaks a law, and so many where none does. */
const [enough, few] = [80, 8];
const sweepsEach = 24;

/** Worlds in which the rules of 0.1.0 reap nothing that runs: what ours have for them no law of the machine can show. */
const held: ReadonlySet<World | undefined> = new Set([undefined, "short-ids", "onlookers", "zombies"]);

/** What the rules of 0.1.0 do in a world, and the first history in which they do it. */
type Finding = { readonly does: "reap what must stay" | "keep a dead one for ever" | "hold"; readonly first: string };

/** Ours are held to every law in the same histories. */
async function findIn(world: World | undefined): Promise<Finding> {
  const seeds = held.has(world) ? few : enough;
  let kept: Finding | undefined;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const control = new Control();
    const history = new History(seed, { worlds: new Set(world === undefined ? [] : [world]), control });
    await history.run(sweepsEach);
    const { broken } = control;
    if (broken !== undefined) return { does: "reap what must stay", first: `seed ${seed}: \`${broken.reason}\`, though ${broken.why}` };
    const [stays] = history.staysUnder(control.condemned);
    if (stays !== undefined) kept ??= { does: "keep a dead one for ever", first: `seed ${seed}: ${stays.split(" ")[0]}` };
  }
  return kept ?? { does: "hold", first: `seeds 1 to ${seeds}` };
}

const introduction = `# Simulated worlds

The simulated machine (\`test/sim\`) tells histories of sessions, crashes, reboots and sweeps, and holds sweeps to laws: no
session that runs and shows is reaped, every dead one goes in the end, nothing is lost. Each world below is a way in which
machines differ from what a tool expects. A history has none of them, one, two or about a third of all; CI tells 150, and
\`SESSREAP_SIM_HISTORIES\`, \`SESSREAP_SIM_SEED\` and \`SESSREAP_SIM_WORLDS\` ask for others.

The rules of 0.1.0 are kept as a control (\`test/sim/control-ladder.ts\`). They judge the same scenes in the same histories,
and the table says what they do, and in which history first, as of the release that wrote it. Ours break no law there, which
is asserted with it. \`SESSREAP_WRITE_WORLDS=1 npx vitest run --project sim test/sim/control.test.ts\` writes this page anew.
`;

const path = "docs/simulated-worlds.md";

/** The table but for its last column: which history is the first changes with everything that happens in it. */
const withoutFirst = (page: string): readonly string[] =>
  page.split("\n").flatMap((line) =>
    line.startsWith("| ")
      ? [
          line
            .split("|")
            .slice(1, 4)
            .map((cell) => cell.trim())
            .join(" | "),
        ]
      : [],
  );

describe("the rules of 0.1.0, in the histories in which ours keep every law", () => {
  const all = [undefined, ...worldNames];
  const found = new Map<World | undefined, Promise<Finding>>();
  /** Each world is lived through once, whichever of the tests is run. */
  const findingOf = (world: World | undefined): Promise<Finding> => {
    const finding = found.get(world) ?? findIn(world);
    found.set(world, finding);
    return finding;
  };
  const rowOf = async (world: World | undefined): Promise<readonly string[]> => {
    const { does, first } = await findingOf(world);
    return [...(world === undefined ? ["none", "all is as 0.1.0 expected it"] : [world, worlds[world]]), does, first];
  };

  test.each(all)("in the world of %s", { timeout: 120_000 }, async (world) => {
    expect((await findingOf(world)).does === "reap what must stay").toBe(!held.has(world));
  });

  test(`${path} says what they do`, { timeout: 240_000 }, async () => {
    const rows = [["world", "what is so there", "0.1.0's rules", "first in"], ...(await Promise.all(all.map(rowOf)))];
    const page = `${introduction}\n${tableOf(rows)}\n`;
    if (process.env["SESSREAP_WRITE_WORLDS"] !== undefined) writeFileSync(path, page);
    const written = withoutFirst(readFileSync(path, "utf8")).slice(2);
    expect(written.length).toBeGreaterThan(15);
    expect(withoutFirst(page)).toEqual(expect.arrayContaining(written));
  });
});
