import { writeFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configure, sessreap, triedScratch } from "../harness.ts";
import { bootId, gonePid, idle } from "../../processes.ts";
import { entryOf, mistakes, placeIn } from "./mistakes.ts";

test("forty mistakes are here", () => {
  expect(mistakes.length).toBeGreaterThanOrEqual(40);
});

test.each(mistakes.map((mistake) => [mistake.what, mistake] as const))(
  "%s: nothing that runs is reaped, and what is wrong is said",
  async (_what, { place, declared, checked, swept }) => {
    const scratch = triedScratch();
    const [alive, gone] = [await idle(), await gonePid()];
    const entries = { alive: entryOf(alive, "mars", bootId()), gone: entryOf(gone, "venus", bootId()) };
    const path = placeIn(scratch.dir, place);
    if (place === "files") {
      mkdirSync(path);
      for (const [index, entry] of Object.values(entries).entries())
        writeFileSync(join(path, `a${4_194_200 + index}.json`), JSON.stringify(entry));
    } else writeFileSync(path, JSON.stringify(place === "list.json" ? Object.values(entries) : { version: 3, agents: entries }));
    configure(scratch, { registries: [{ path, ...declared }] });
    const config = await sessreap(scratch, ["config"]);
    // Nothing shelters an entry: neither grace, nor the TTL, nor a second look.
    const report = await sessreap(scratch, ["list", "-v", "--now", "--grace", "0s", "--ttl", "0s"]);
    const sweep = await sessreap(scratch, ["--now", "--grace", "0s", "--ttl", "0s"]);
    const left = place === "files" ? readFileSync(join(path, "a4194200.json"), "utf8") : readFileSync(path, "utf8");
    const isKept = left.includes(`"pid":${alive.pid},`);
    const said = `${report.stdout}${report.stderr}${sweep.stdout}${sweep.stderr}`;
    expect({ isKept, codes: checked === undefined ? [config.code, sweep.code] : config.code }).toEqual({
      isKept: true,
      codes: checked === undefined ? [2, 2] : 0,
    });
    expect(config.stdout).toContain(checked ?? "");
    expect(said).toContain(swept);
  },
  30_000,
);
