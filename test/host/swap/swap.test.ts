import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readRegistryFile } from "../../../src/host/files/files.ts";
import { replaceJudged } from "../../../src/host/swap/swap.ts";
import { recoverQuarantined } from "../../../src/host/capture/recover.ts";
import { removeLeftovers } from "../../../src/host/swap/leftovers.ts";
import { after, before, content, dead, leftovers, readNow, registryIn, scratchDirectory, withoutGhost } from "../scratch.ts";

const isRoot = process.getuid?.() === 0;
const hasPerl = spawnSync("perl", ["-e", "1"]).status === 0;
if (!hasPerl) console.warn("perl is not here: the lease is not tested");
if (!isRoot) console.warn("not root: swaps of another user's registry are not tested");

/** Runs with a PATH on which there is no perl, so that the method without the helper is in force. */
async function withoutPerl<T>(run: () => Promise<T>): Promise<T> {
  const path = process.env["PATH"];
  const tools = scratchDirectory();
  symlinkSync(spawnSync("sh", ["-c", "command -v cp"], { encoding: "utf8" }).stdout.trim(), join(tools, "cp"));
  process.env["PATH"] = tools;
  try {
    return await run();
  } finally {
    process.env["PATH"] = path;
  }
}

type ProcessContext = <T>(run: () => Promise<T>) => Promise<T>;
const methods: readonly (readonly [string, ProcessContext])[] = [
  ...(hasPerl ? [["under a lease", (run) => run()] as const satisfies readonly [string, ProcessContext]] : []),
  ["without perl", withoutPerl],
];

describe.each(methods)("a ghost's registry is swapped %s", (_, around) => {
  test("the ghost goes, every other byte stays, and nothing is left behind", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    expect(await around(() => replaceJudged(file, withoutGhost(file), dead))).toEqual({ kind: "replaced", problem: undefined });
    expect(content(registry)).toBe(after);
    expect(leftovers(registry)).toEqual([]);
  });

  test("nothing is written when the session has come back", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    expect(await around(() => replaceJudged(file, withoutGhost(file), () => Promise.resolve(false)))).toEqual({ kind: "revived" });
    expect(statSync(registry.path, { bigint: true }).ino).toBe(file.stat.ino);
    expect(leftovers(registry)).toEqual([]);
  });

  const changes: readonly (readonly [string, (path: string) => void])[] = [
    ["written in place", (path) => appendFileSync(path, " ")],
    [
      "replaced by rename",
      (path) => {
        writeFileSync(`${path}.new`, before);
        renameSync(`${path}.new`, path);
      },
    ],
    ["touched", (path) => utimesSync(path, 1, 1)],
    ["given a second name", (path) => linkSync(path, `${path}.link`)],
  ];
  test.each(changes)("a registry that is %s after it was judged is left as it is", async (_what, change) => {
    const registry = registryIn();
    const file = readNow(registry.path);
    change(registry.path);
    const now = content(registry);
    expect(await around(() => replaceJudged(file, withoutGhost(file), dead))).toEqual({ kind: "changed" });
    expect(content(registry)).toBe(now);
    expect(leftovers(registry).filter((name) => name.includes("sessreap"))).toEqual([]);
  });

  test("a registry that is taken away meanwhile is not made again", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    const look = (): Promise<boolean> => {
      renameSync(registry.path, join(registry.directory, "elsewhere"));
      return dead();
    };
    expect(await around(() => replaceJudged(file, withoutGhost(file), look))).toEqual({ kind: "changed" });
    expect(leftovers(registry)).toEqual(["elsewhere"]);
  });

  test("a writer that comes during the last look is let in, and its update stands", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    const look = async (): Promise<boolean> => {
      // Opening the file would be held up by the lease; it is given up for whoever waits.
      const writer = spawn("/bin/sh", ["-c", 'echo \'{"newcomer":{}}\' > "$0"', registry.path], { stdio: "ignore" });
      await once(writer, "exit");
      return true;
    };
    expect(await around(() => replaceJudged(file, withoutGhost(file), look))).toEqual({ kind: "changed" });
    expect(content(registry)).toBe('{"newcomer":{}}\n');
    expect(leftovers(registry)).toEqual([]);
  });

  test("a registry of mode 0640 stays one", async () => {
    const registry = registryIn();
    chmodSync(registry.path, 0o640);
    const file = readNow(registry.path);
    await around(() => replaceJudged(file, withoutGhost(file), dead));
    expect(statSync(registry.path).mode & 0o7777).toBe(0o640);
  });

  test.runIf(isRoot)("root leaves a user's registry to the user, group and set-id directory included", async () => {
    const directory = scratchDirectory();
    mkdirSync(join(directory, "theirs"));
    chownSync(join(directory, "theirs"), 65534, 4242);
    chmodSync(join(directory, "theirs"), 0o2750);
    chmodSync(directory, 0o755);
    const registry = registryIn(join(directory, "theirs"));
    chownSync(registry.path, 65534, 4343);
    const file = readNow(registry.path);
    expect(await around(() => replaceJudged(file, withoutGhost(file), dead))).toEqual({ kind: "replaced", problem: undefined });
    const { uid, gid } = statSync(registry.path);
    expect({ uid, gid, text: content(registry) }).toEqual({ uid: 65534, gid: 4343, text: after });
  });
});

test.runIf(hasPerl)("a registry that somebody has open is left for the next sweep", async () => {
  const registry = registryIn();
  const file = readNow(registry.path);
  const fd = openSync(registry.path, "r");
  expect(await replaceJudged(file, withoutGhost(file), dead)).toEqual({ kind: "changed" });
  closeSync(fd);
  expect(content(registry)).toBe(before);
  expect(await replaceJudged(file, withoutGhost(file), dead)).toEqual({ kind: "replaced", problem: undefined });
});

test("a symbolic link to a registry stays one, and what it leads to is swapped", async () => {
  const registry = registryIn();
  const link = join(scratchDirectory(), "link.json");
  symlinkSync(registry.path, link);
  const file = readNow(link);
  expect((await replaceJudged(file, withoutGhost(file), dead)).kind).toBe("replaced");
  expect(content(registry)).toBe(after);
  expect(readNow(link).realPath).toBe(file.realPath);
});

test("links that lead nowhere, round in a circle, or to no file are said", () => {
  const directory = scratchDirectory();
  symlinkSync("nowhere", join(directory, "dangling"));
  symlinkSync("circle", join(directory, "circle"));
  spawnSync("mkfifo", [join(directory, "fifo")]);
  const problem = (name: string): string => {
    const read = readRegistryFile(join(directory, name));
    return read.kind === "unreadable" ? read.problem : read.kind;
  };
  expect(["dangling", "circle", "fifo", ".", "nothing/at/all"].map(problem)).toEqual([
    "is a symbolic link that leads nowhere",
    "cannot be read: too many symbolic links (ELOOP)",
    "is a FIFO",
    "is a directory",
    "missing",
  ]);
});

describe("leftovers of killed sweeps", () => {
  const gone = spawnSync("true").pid;

  test("a draft and an exchanged old file are removed; others' files and work in hand stay", () => {
    const registry = registryIn();
    const { ino } = statSync(registry.path);
    const at = (name: string): string => join(registry.directory, name);
    utimesSync(registry.path, 2_000, 2_000);
    for (const name of [`.registrations.json.sessreap-${gone}.tmp`, `.registrations.json.sessreap-${gone}-${ino}.swap`]) {
      writeFileSync(at(name), "old");
      utimesSync(at(name), 1_000, 1_000);
    }
    const strange = [
      `.other.json.sessreap-${gone}.tmp`,
      `.registrations.json.sessreap-1.tmp`,
      `registrations.json.sessreap-${gone}.tmp`,
      "notes",
    ];
    for (const name of strange) writeFileSync(at(name), "theirs");
    removeLeftovers(registry.path);
    expect(leftovers(registry).toSorted()).toEqual(strange.toSorted());
    expect(content(registry)).toBe(before);
  });

  test("an update that a kill left displaced goes back into its place", () => {
    const registry = registryIn();
    const { ino } = statSync(registry.path);
    utimesSync(registry.path, 1_000, 1_000);
    writeFileSync(join(registry.directory, `.registrations.json.sessreap-${gone}-${ino}.swap`), "their update");
    removeLeftovers(registry.path);
    expect(content(registry)).toBe("their update");
    expect(leftovers(registry)).toEqual([]);
  });

  test.runIf(isRoot)("a file that another user planted does not go into the registry's place", () => {
    const registry = registryIn();
    const { ino } = statSync(registry.path);
    utimesSync(registry.path, 1_000, 1_000);
    const planted = join(registry.directory, `.registrations.json.sessreap-${gone}-${ino}.swap`);
    writeFileSync(planted, "planted");
    chownSync(planted, 65534, 65534);
    removeLeftovers(registry.path);
    expect(content(registry)).toBe(before);
  });

  test("an entry file that was taken aside goes back, unless a newer one has its name", () => {
    const directory = scratchDirectory();
    const held = ["7.json", "8.json"].map((name) => `.${name}.sessreap-${gone}.held`);
    const made = `.9.json.sessreap-${gone}.new`;
    for (const name of held) writeFileSync(join(directory, name), "taken aside");
    writeFileSync(join(directory, "8.json"), "newer");
    writeFileSync(join(directory, made), "half of a restored en");
    expect(recoverQuarantined(directory, [...held, made])).toEqual([]);
    expect(readdirSync(directory).map((name) => readFileSync(join(directory, name), "utf8"))).toEqual(["taken aside", "newer"]);
  });
});
