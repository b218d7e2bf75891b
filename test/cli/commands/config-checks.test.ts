import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configure, daysAgo, newScratch, parseOnly, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { gonePid, pretend } from "../../processes.ts";

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
  expect(await checksOf(scratch, none)).toEqual(["is not there; correct its path where it is named"]);
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

test("config says that no sweep has ever seen an owner up, until one has", async () => {
  const scratch = newScratch();
  const path = writeOld(join(scratch.dir, "agents.json"), "{}");
  const name = randomUUID();
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path, owner: { argv: [name, "watch"] } }] });
  const ownerLine = async () => (await checksOf(scratch, path)).at(-1);
  const never = "owner: not up now, and no sweep that looked for it has ever seen it up; hold its signs against the daemon itself";
  writeOld(path, JSON.stringify({ mars: { threadId: randomUUID(), registeredAt: since } }));
  await sweepReport(scratch, []);
  expect(await ownerLine()).toBe(never);
  const owner = await pretend(scratch.dir, [name, name, "watch"]);
  expect(await ownerLine()).toBe(`owner: up (process ${name} watch)`);
  await sweepReport(scratch, []);
  process.kill(owner.pid, "SIGKILL");
  await expect.poll(ownerLine, { timeout: 30_000 }).toBe("owner: not up now, by none of its signs");
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path, owner: { argv: [name, "serve"] } }] });
  expect(await ownerLine()).toBe(never);
});

test("config counts what cannot be understood, and says a member of keepWhen that is nowhere", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const locks = join(scratch.dir, "locks");
  for (const [name, text] of [
    ["a", `${pid}\n`],
    ["b", "mars\n"],
    ["c", "venus\n"],
  ] as const)
    writeOld(join(locks, `${name}.lock`), text);
  const rows = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ mars: { pid, status: "over", since } }));
  configure(scratch, {
    registries: [
      { format: "text-file", path: locks, pattern: "*.lock", text: ["<pid>"] },
      { format: "keyed-json", path: rows, fields: { pid: "pid" }, about: "process", keepWhen: { statu: ["over"] } },
    ],
  });
  expect(await checksOf(scratch, locks)).toEqual([
    "3 entries",
    '2 of them cannot be understood, and stay: b.lock is "mars\\n", as which no pattern in `text` is; add one, as `config suggest` prints it',
  ]);
  expect(await checksOf(scratch, rows)).toContain('keepWhen "statu" in 0 of 1: they have "pid", "status", "since"; did you mean "status"?');
  expect((await sessreap(scratch, ["list", "-v"])).stderr).toContain('no entry has "statu" (keepWhen)');
});

type Kind = (at: string) => void;
const [file, directory, link, fifo]: readonly Kind[] = [
  (at) => writeOld(at, "4711\n"),
  (at) => mkdirSync(at),
  (at) => symlinkSync("/nowhere/venus-4711", at),
  (at) => execFileSync("mkfifo", [at]),
];

test.each<[string, Kind | undefined, object, string]>([
  [
    "a directory where a file of members is declared",
    directory,
    { format: "keyed-json", fields: { pid: "pid" } },
    "is a directory; name a regular file",
  ],
  ["a directory where a text is declared", directory, { format: "text-file", text: ["<pid>"] }, "pattern: is missing"],
  ["a directory where a link is declared", directory, { format: "symlink", text: ["<pid>"] }, "pattern: is missing"],
  [
    "a file where a directory is declared",
    file,
    { format: "json-file", pattern: "*.json", fields: { pid: "pid" } },
    "is no directory; name the directory that holds the entries",
  ],
  [
    "a file where a link is declared",
    file,
    { format: "symlink", text: ["<pid>"] },
    "here is a regular file, no symbolic link; declare it as text-file or json-file",
  ],
  [
    "a link where a text is declared",
    link,
    { format: "text-file", text: ["<pid>"] },
    "here is a symbolic link; declare it as symlink, or name the file that it leads to",
  ],
  ["a FIFO where a text is declared", fifo, { format: "text-file", text: ["<pid>"] }, "here is a FIFO; name a regular file"],
  [
    "a link to nothing where a file of members is declared",
    link,
    { format: "json-array", fields: { pid: "pid" } },
    "a symbolic link that leads nowhere",
  ],
])("%s is an error with its cure, and no empty registry", async (_, make, declared, said) => {
  const scratch = newScratch();
  const path = join(scratch.dir, "here");
  make?.(path);
  configure(scratch, { registries: [{ ...declared, path }] });
  const [list, config] = [await sessreap(scratch, ["list"]), await sessreap(scratch, ["config"])];
  expect([1, 2, 3]).toContain(list.code);
  for (const { stdout, stderr } of [list, config]) expect(`${stdout}${stderr}`).toContain(said);
});

test("config names files that are there where a pattern finds none", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "agents");
  writeOld(join(path, "mars.json"), "{}");
  configure(scratch, { registries: [{ format: "json-file", path, pattern: "<pid>.json", fields: { sessionId: "id" } }] });
  expect(await checksOf(scratch, path)).toContain('no entries: no file there fits "<pid>.json"; it has "mars.json"');
});
