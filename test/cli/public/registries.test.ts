import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { configure, newScratch, parseOnly, sessreap, sweepReport, type Scratch } from "../harness.ts";
import { gonePid, idle } from "../../processes.ts";
import { agentRegistries } from "./agents.ts";
import { publicRegistries } from "./registries.ts";
import type { Holder, PublicRegistry } from "./registry.ts";

type Suggested = {
  readonly declaration: Readonly<Record<string, unknown>>;
  readonly findings: readonly { readonly field: string; readonly member: string; readonly sure: boolean }[];
};

/** Every file below a directory, with what it says. */
function contents(dir: string): Readonly<Record<string, string>> {
  const found = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return Object.fromEntries(
    found.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, entry.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, "utf8")];
    }),
  );
}

function plant({ files }: PublicRegistry, dir: string, holders: readonly Holder[]): void {
  for (const [name, content] of Object.entries(files(holders, dir))) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    const isLink = typeof content === "object" && content !== null && "link" in content;
    if (isLink) symlinkSync(String(content.link), join(dir, name));
    else writeFileSync(join(dir, name), typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
  }
}

async function suggestFor(scratch: Scratch, { look }: PublicRegistry, dir: string): Promise<Suggested> {
  return parseOnly((await sessreap(scratch, ["config", "suggest", join(dir, look), "--json"])).stdout) as Suggested;
}

const registries = [...publicRegistries, ...agentRegistries];

test("forty public projects are here", () => {
  expect(new Set(registries.map(({ project }) => project)).size).toBeGreaterThanOrEqual(40);
});

test.each(registries.map((registry) => [registry.project, registry] as const))(
  "%s: what runs is kept, what does not is reaped, and what is suggested for it reaps nothing",
  async (_project, registry) => {
    const scratch = newScratch();
    const [alive, gone] = [await idle(), await gonePid()].map(({ pid, startTicks }) => ({ pid, startTicks, id: randomUUID() })) as [
      Holder,
      Holder,
    ];
    const places: readonly (readonly [name: string, holders: readonly Holder[]])[] = registry.alone
      ? [
          ["live", [alive]],
          ["dead", [gone]],
        ]
      : [["both", [alive, gone]]];
    const dirs = places.map(([name]) => join(scratch.dir, "place", name));
    for (const [index, [, holders]] of places.entries()) plant(registry, dirs[index] as string, holders);
    const before = contents(join(scratch.dir, "place"));

    const suggested = await Promise.all(dirs.map((dir) => suggestFor(scratch, registry, dir)));
    const [{ declaration, findings }] = suggested as [Suggested];
    const shown = JSON.stringify(declaration, undefined, 2).replaceAll(`${dirs[0]}`, "<dir>");
    const reasons = findings.map(({ field, member, sure }) => `${sure ? "sure  " : "unsure"} ${field} ${member}`);
    expect(`${shown}\n${reasons.join("\n")}\n`).toMatchSnapshot();

    configure(scratch, { registries: suggested.map((one) => one.declaration) });
    const first = await sweepReport(scratch, ["--now", "--grace", "0s"]);
    expect(first.summary.reaped).toBe(0);
    expect(contents(join(scratch.dir, "place"))).toEqual(before);

    configure(scratch, { registries: dirs.map((dir) => registry.declare(dir)) });
    const report = await sweepReport(scratch, ["--now", "--grace", "0s"]);
    expect(report.entries.map(({ verdict, action }) => `${verdict} ${action}`).toSorted()).toEqual(["ghost reaped", "live kept"]);
    expect(contents(join(scratch.dir, "place"))).not.toEqual(before);
  },
  30_000,
);
