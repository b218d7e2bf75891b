import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchDirectories } from "../../../src/host/senses/directories.ts";
import { until } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";

function watching(): { readonly directories: ReturnType<typeof watchDirectories>; readonly changed: string[] } {
  const changed: string[] = [];
  const directories = watchDirectories((registry) => changed.push(registry));
  onTestFinished(directories.close);
  return { directories, changed };
}

test("a registry that is written, and one that another file takes the place of, is told of; its neighbour is not", async () => {
  const directory = scratchDirectory();
  const [registry, neighbour] = [join(directory, "agents.json"), join(directory, "other.json")];
  writeFileSync(registry, "{}");
  const { directories, changed } = watching();
  expect(directories.keep([registry])).toEqual([]);
  writeFileSync(neighbour, "{}");
  writeFileSync(registry, '{"a":{}}');
  await until("the write is told", () => changed.length > 0);
  changed.length = 0;
  writeFileSync(`${registry}.tmp`, "{}");
  renameSync(`${registry}.tmp`, registry);
  await until("the new file is told", () => changed.length > 0);
  expect(new Set(changed)).toEqual(new Set([registry]));
});

test("a directory with one file an entry is made anew: from the next look on it is watched again", async () => {
  const registry = join(scratchDirectory(), "sessions");
  mkdirSync(registry);
  const { directories, changed } = watching();
  directories.keep([registry]);
  rmSync(registry, { recursive: true });
  mkdirSync(registry);
  directories.keep([registry]);
  await new Promise((resolve) => void setTimeout(resolve, 50));
  changed.length = 0;
  writeFileSync(join(registry, "1.json"), "{}");
  await until("its new entry is told", () => changed.length > 0);
  expect(changed[0]).toBe(registry);
});

test.runIf(process.platform === "linux")("a write of which the kernel's queue had no room to tell is found by the next look", async () => {
  const directory = scratchDirectory();
  const registry = join(directory, "agents.json");
  const neighbours = ["a", "b"].map((name) => join(directory, name));
  for (const path of [registry, ...neighbours]) writeFileSync(path, "{}");
  const { directories, changed } = watching();
  expect(directories.keep([registry])).toEqual([]);
  const room = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  // Nobody reads the queue meanwhile. What says the same twice in a row takes no room there.
  for (let count = 0; count <= room; count += 2) for (const path of neighbours) utimesSync(path, count, count);
  writeFileSync(registry, '{"a":{}}');
  await until("the write is told", () => changed.length > 0);
  expect(changed[0]).toBe(registry);
});

test("a registry that is not there is watched for where it would be", async () => {
  const directory = scratchDirectory();
  const registry = join(directory, "agents.json");
  const { directories, changed } = watching();
  expect(directories.keep([registry, join(directory, "none", "agents.json")])).toEqual([]);
  writeFileSync(registry, "{}");
  await until("it is told", () => changed.length > 0);
  expect(changed[0]).toBe(registry);
});

test.each<readonly [how: string, before: (root: string) => void, then: (root: string) => void]>([
  ["whose directory is made later", () => undefined, (root) => mkdirSync(join(root, "home", "agents"), { recursive: true })],
  [
    "above which a directory is exchanged for another",
    (root) => mkdirSync(join(root, "home", "agents"), { recursive: true }),
    (root) => {
      renameSync(join(root, "home"), join(root, "away"));
      mkdirSync(join(root, "home", "agents"), { recursive: true });
    },
  ],
  [
    "whose directory turns into a file and back",
    (root) => mkdirSync(join(root, "home", "agents"), { recursive: true }),
    (root) => {
      rmSync(join(root, "home", "agents"), { recursive: true });
      writeFileSync(join(root, "home", "agents"), "");
      rmSync(join(root, "home", "agents"));
      mkdirSync(join(root, "home", "agents"));
    },
  ],
])("a registry %s is found without being asked for, and then watched", async (_, before, then) => {
  const root = scratchDirectory();
  const registry = join(root, "home", "agents", "agents.json");
  before(root);
  const { directories, changed } = watching();
  expect(directories.keep([registry])).toEqual([]);
  then(root);
  writeFileSync(registry, "{}");
  await until("the new registry is told", () => changed.length > 0);
  // More often than any look at it.
  await until("its directory is watched", () => {
    writeFileSync(registry, "[]");
    return changed.length > 50;
  });
  expect(changed[0]).toBe(registry);
});
