// What is mutated, and which tests have to notice: the quick ones first.
const scopes = {
  core: {
    sources: ["src/core/", "src/registries/"],
    tests: ["test/core/", "test/registries/", "test/report/", "test/core/laws", "test/registries/json-bytes.laws", "test/sim/"],
  },
  apply: {
    sources: [
      "src/sweep/reap-members.ts",
      "src/sweep/reap-files.ts",
      "src/sweep/burial.ts",
      "src/sweep/last-look.ts",
      "src/sweep/outcome.ts",
      "src/sweep/release.ts",
      "src/sweep/sweep.ts",
      "src/sweep/restore",
      "src/host/capture.ts",
      "src/host/forgotten.ts",
      "src/host/restore-entry.ts",
      "src/host/swap.ts",
      "src/host/swap-draft.ts",
      "src/host/swap-litter.ts",
      "src/host/tombstones.ts",
    ],
    tests: ["test/sim/", "test/host/", "test/sweep/"],
  },
};

/** `{ scope, seed, every, shard, shards }`, handed down by `score.mjs`. */
export const choice = JSON.parse(process.env.SESSREAP_MUTATION ?? '{"scope":"core","seed":"1","every":1,"shard":0,"shards":1}');
const { sources, tests } = scopes[choice.scope];

export const testFiles = tests;
export const sourceFolders = [...new Set(sources.map((part) => part.split("/").slice(0, 2).join("/")))];
export const isMutated = (file) => file.endsWith(".ts") && sources.some((part) => file.startsWith(part));
