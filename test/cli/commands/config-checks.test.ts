import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configure, daysAgo, newScratch, parseOnly, sessreap, writeOld, type Scratch } from "../harness.ts";
import { gonePid } from "../../processes.ts";

const since = daysAgo(2);

/** The lines that `config` prints below one registry. */
async function checksOf(scratch: Scratch, path: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await sessreap(scratch, ["config"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`  ${path} (`)) + 1;
  const behind = lines.slice(from).findIndex((line) => !line.startsWith("    "));
  return lines.slice(from, from + behind).map((line) => line.trim());
}

test("config says of each field in how many entries it is, and which names there are where it is in none", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const row = (): object => ({ id: randomUUID(), agent: "mars", pid, meta: { started: since, beat: 7 } });
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ one: row(), two: row(), three: { id: randomUUID() } }));
  const fields = {
    sessionId: "id",
    identity: "agnet",
    pid: "pid",
    registeredAt: "/meta/startd",
    lastActivityAt: "/mate/started",
    lastHeartbeatAt: "/meta/beat",
  };
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  expect(await checksOf(scratch, path)).toEqual([
    'is not swept: no entry has "agnet" (identity), and "agent" looks like it; the members there are "id", "agent", "pid", "meta"',
    "3 entries",
    'sessionId "id" in 3 of 3',
    'identity "agnet" in 0 of 3: they have "id", "agent", "pid", "meta"; did you mean "agent"?',
    'pid "pid" in 2 of 3',
    'registeredAt "/meta/startd" in 0 of 3: they have "started", "beat"; did you mean "started"?',
    'lastActivityAt "/mate/started" in 0 of 3: no entry has what its pointer leads into',
    'lastHeartbeatAt "/meta/beat" in 2 of 3, in none as a time: ISO-8601 with a zone, or epoch s, ms or µs',
  ]);
  const { registries } = parseOnly((await sessreap(scratch, ["config", "--json"])).stdout) as { readonly registries: readonly object[] };
  expect(registries).toMatchObject([
    {
      state: "read",
      problem: null,
      entries: 3,
      absentFields: ['"agnet" (identity)', '"/meta/startd" (registeredAt)', '"/mate/started" (lastActivityAt)'],
      fields: [{ found: 3 }, { member: "agnet", found: 0, understood: 0 }, { understood: 2 }, {}, {}, { found: 2, understood: 0 }],
      ownerNow: null,
    },
  ]);
});

test("config says that a registry is not there, has no entries, or cannot be read", async () => {
  const scratch = newScratch();
  const [empty, torn, none] = [
    writeOld(join(scratch.dir, "empty"), "{}"),
    writeOld(join(scratch.dir, "torn"), "{"),
    join(scratch.dir, "no"),
  ];
  configure(scratch, { registries: [empty, torn, none].map((path) => ({ format: "keyed-json", path, fields: { pid: "pid" } })) });
  expect(await checksOf(scratch, empty)).toEqual(["no entries, so its fields cannot be checked"]);
  expect(await checksOf(scratch, torn)).toEqual([
    "is malformed: a member's name is missing (line 1, column 2); mend it or move it away, nothing of it was touched",
  ]);
  expect(await checksOf(scratch, none)).toEqual(["is not there; correct the path, or remove it from the configuration"]);
});

test("config says that no service manager knows an owner's unit, and that an owner is not up", async () => {
  const scratch = newScratch();
  const [one, other] = [writeOld(join(scratch.dir, "one"), "{}"), writeOld(join(scratch.dir, "other"), "{}")];
  const unit = `sessreap-${randomUUID()}.service`;
  configure(scratch, {
    registries: [
      { format: "llmmsg-bridge", path: one, owner: { unit } },
      { format: "llmmsg-bridge", path: other, owner: { argv: [randomUUID(), "watch"] } },
    ],
  });
  expect((await checksOf(scratch, one)).at(-1)).toBe(
    `owner: no service manager knows ${unit}, so it counts as up and every ghost is withheld; correct "unit"`,
  );
  expect((await checksOf(scratch, other)).at(-1)).toBe("owner: not up now, by none of its signs");
});
