import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import { perlAsText } from "../../vitest.config.ts";
import { instrument } from "./schemata.mjs";
import { scopeOf } from "./choice.mjs";

/** Which mutants take part, handed down by `score.mjs`. */
const choice = JSON.parse(process.env.SESSREAP_MUTATION);
const { isMutated, tests, isRun } = scopeOf(choice);
/** Test files that an earlier run of this shard has come to the end of, before a mutant ended it. */
const { SESSREAP_MUTATION_LOG: log } = process.env;
const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
const done = lines.flatMap((line) => JSON.parse(line).done ?? []);
const root = new URL("../..", import.meta.url).pathname;

/** Quick tests kill most of what the slow ones would have to be run for. */
class QuickFirst extends BaseSequencer {
  sort(files) {
    const rank = ({ moduleId }) => tests.findLastIndex((part) => moduleId.includes(part));
    return files.filter(({ moduleId }) => isRun(moduleId)).toSorted((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  root,
  plugins: [
    perlAsText,
    {
      name: "mutants",
      enforce: "pre",
      transform: (code, id) => {
        const file = relative(root, id.split("?")[0]);
        return isMutated(file) ? { code: instrument(file, code, choice), map: null } : undefined;
      },
    },
  ],
  test: {
    include: tests.filter((part) => part.endsWith("/")).map((part) => `${part}**/*.test.ts`),
    exclude: done,
    passWithNoTests: true,
    runner: new URL("runner.mjs", import.meta.url).pathname,
    reporters: ["default"],
    pool: "forks",
    execArgv: ["--max-old-space-size=768"],
    maxWorkers: 1,
    fileParallelism: false,
    sequence: { sequencer: QuickFirst },
    // Less than the silence that ends a mutant from outside, which costs a new start.
    testTimeout: 25_000,
    dangerouslyIgnoreUnhandledErrors: true,
  },
});
