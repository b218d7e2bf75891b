import { expect, test } from "vitest";
import { chanceFrom } from "./chance.ts";
import { History } from "./history.ts";
import { anyWorlds, worldsNamed } from "./worlds.ts";

/** More histories for a night: `SESSREAP_SIM_HISTORIES=5000 npx vitest run --project sim`. A seed tells one again. */
const histories = Number(process.env["SESSREAP_SIM_HISTORIES"] ?? "150");
const firstSeed = Number(process.env["SESSREAP_SIM_SEED"] ?? String(Date.now() % 1_000_000_000));
/** These worlds, and no others: `SESSREAP_SIM_WORLDS=zombies,launchers`. */
const only = worldsNamed(process.env["SESSREAP_SIM_WORLDS"]);
const sweepsEach = 24;

test(
  "in any history no running session is reaped, every dead one goes in the end, and nothing is lost",
  async () => {
    let [sweeps, reaped, killed] = [0, 0, 0];
    for (let seed = firstSeed; seed < firstSeed + histories; seed += 1) {
      const history = new History(seed, { worlds: only ?? anyWorlds(chanceFrom(seed)) });
      await history.run(sweepsEach).catch((error: unknown) => {
        throw new Error(`SESSREAP_SIM_SEED=${seed} SESSREAP_SIM_HISTORIES=1: ${String(error)}`, { cause: error });
      });
      sweeps += history.sweeps;
      reaped += history.reaped;
      killed += history.killed;
    }
    // Laws about reaping say nothing of histories in which nothing is reaped, nor of sweeps that nobody kills.
    expect(reaped).toBeGreaterThan(sweeps / 20);
    expect(killed).toBeGreaterThan(sweeps / 50);
  },
  60_000 + histories * 1000,
);

/** Histories in which a law was broken before, and how. */
test.each([
  [61_000_975, "another kernel's entry without a time was taken for an earlier boot's, for its file's time had been set back"],
  [300_008_486, "an entry of a boot whose clock was twenty years behind went by the TTL, once the clock was right again"],
  [300_011_421, "the law took a step of the clock that no sweep had seen before a reboot for one that a sweep could know"],
  [620_002_988, "the law waited for sixteen days, and a heart had paused for eight, which counts three times"],
])("the history of seed %i holds now: %s", async (seed) => {
  const history = new History(seed, { worlds: anyWorlds(chanceFrom(seed)) });
  await history.run(sweepsEach);
  expect(history.sweeps).toBeGreaterThan(sweepsEach);
});
