import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readRegistryFile } from "../../../src/host/files/files.ts";
import { replaceJudged } from "../../../src/host/swap/swap.ts";
import { after, before, content, dead, leftovers, readNow, registryIn, scratchDirectory, unused, withoutGhost } from "../scratch.ts";
import { launch } from "../../processes.ts";
import { isRoot } from "../../users.ts";

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
    expect(await around(() => replaceJudged(file, withoutGhost(file), dead, unused))).toEqual({ kind: "replaced", problem: undefined });
    expect(content(registry)).toBe(after);
    expect(leftovers(registry)).toEqual([]);
  });

  test("a process that reads the registry while its own swap is under way waits for nothing", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    const seen = new Set<string>();
    const read = (): void => void seen.add(content(registry));
    const look = (): Promise<boolean> => {
      read();
      return Promise.resolve(true);
    };
    const reading = setInterval(read, 0);
    const outcome = await around(() => replaceJudged(file, withoutGhost(file), look, unused));
    clearInterval(reading);
    read();
    expect(outcome).toEqual({ kind: "replaced", problem: undefined });
    expect([...seen]).toEqual([before, after]);
  });

  test("nothing is written when the session has come back", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    expect(await around(() => replaceJudged(file, withoutGhost(file), () => Promise.resolve(false), unused))).toEqual({ kind: "revived" });
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
    expect(await around(() => replaceJudged(file, withoutGhost(file), dead, unused))).toEqual({ kind: "changed" });
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
    expect(await around(() => replaceJudged(file, withoutGhost(file), look, unused))).toEqual({ kind: "changed" });
    expect(leftovers(registry)).toEqual(["elsewhere"]);
  });

  test("a writer that comes during the last look is let in, and its update stands", async () => {
    const registry = registryIn();
    const file = readNow(registry.path);
    const look = async (): Promise<boolean> => {
      // Opening the file would be held up by the lease; it is given up for whoever waits.
      const writer = launch("/bin/sh", ["-c", 'echo \'{"newcomer":{}}\' > "$0"', registry.path], { stdio: "ignore" });
      await once(writer, "exit");
      return true;
    };
    expect(await around(() => replaceJudged(file, withoutGhost(file), look, unused))).toEqual({ kind: "changed" });
    expect(content(registry)).toBe('{"newcomer":{}}\n');
    expect(leftovers(registry)).toEqual([]);
  });

  test("a registry of mode 0640 stays one", async () => {
    const registry = registryIn();
    chmodSync(registry.path, 0o640);
    const file = readNow(registry.path);
    await around(() => replaceJudged(file, withoutGhost(file), dead, unused));
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
    expect(await around(() => replaceJudged(file, withoutGhost(file), dead, unused))).toEqual({ kind: "replaced", problem: undefined });
    const { uid, gid } = statSync(registry.path);
    expect({ uid, gid, text: content(registry) }).toEqual({ uid: 65534, gid: 4343, text: after });
  });
});

test("without perl, an update that comes between the comparison and the rename is looked for and put in place", async () => {
  const registry = registryIn();
  const file = readNow(registry.path);
  const late = before.replace("live", "late");
  const fd = openSync(registry.path, "r+");
  try {
    const look = (): Promise<boolean> => {
      setTimeout(() => writeSync(fd, late, 0), 1);
      return Promise.resolve(true);
    };
    expect(await withoutPerl(() => replaceJudged(file, withoutGhost(file), look, unused))).toEqual({ kind: "changed" });
  } finally {
    closeSync(fd);
  }
  expect(content(registry)).toBe(late);
  expect(leftovers(registry)).toEqual([]);
});

test.runIf(hasPerl)("a registry that a process reads is swapped", async () => {
  const registry = registryIn();
  const reader = launch("/usr/bin/tail", ["-f", registry.path], { stdio: ["ignore", "pipe", "ignore"] });
  await once(reader.stdout as NodeJS.ReadableStream, "data");
  const file = readNow(registry.path);
  expect(await replaceJudged(file, withoutGhost(file), dead)).toEqual({ kind: "replaced", problem: undefined });
  expect(content(registry)).toBe(after);
  expect(leftovers(registry)).toEqual([]);
});

test("a symbolic link to a registry stays one, and what it leads to is swapped", async () => {
  const registry = registryIn();
  const link = join(scratchDirectory(), "link.json");
  symlinkSync(registry.path, link);
  const file = readNow(link);
  expect((await replaceJudged(file, withoutGhost(file), dead, unused)).kind).toBe("replaced");
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
