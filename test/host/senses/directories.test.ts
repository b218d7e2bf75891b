import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

test("a registry that is not there is watched for where it would be", async () => {
  const directory = scratchDirectory();
  const registry = join(directory, "agents.json");
  const { directories, changed } = watching();
  expect(directories.keep([registry, join(directory, "none", "agents.json")])).toEqual([]);
  writeFileSync(registry, "{}");
  await until("it is told", () => changed.length > 0);
  expect(changed[0]).toBe(registry);
});
