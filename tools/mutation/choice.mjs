// What is mutated, and which tests have to notice: the quick ones first.
export const scopes = {
  core: {
    sources: ["src/core/", "src/registries/"],
    // Tombstones are written and read by tests of the other scope.
    except: ["src/core/tombstone.ts"],
    tests: ["test/core/", "test/registries/", "test/report/", "test/core/laws", "test/registries/json/json-bytes.laws"],
  },
  apply: {
    sources: [
      "src/sweep/apply/",
      "src/sweep/restore/",
      "src/sweep/pass.ts",
      "src/sweep/carry-out.ts",
      "src/sweep/sweep.ts",
      "src/sweep/reporting/sweep-report.ts",
      "src/sweep/history.ts",
      "src/sweep/tombstone-writer.ts",
      "src/host/capture/",
      "src/host/swap/",
      "src/host/files/chunks.ts",
      "src/host/files/leftovers.ts",
      "src/host/state/tombstones.ts",
      "src/core/tombstone.ts",
    ],
    // Rows are changed by a newer Node than the one that runs the mutants: the built tool's tests in `test/cli/tables` see to them.
    except: ["src/sweep/apply/change-rows.ts", "src/sweep/restore/row-insertion.ts"],
    tests: [
      "test/host/",
      "test/sweep/",
      "test/sim/",
      "test/host/swap/swap.test",
      "test/host/capture/exchange-file",
      "test/host/swap/rights",
      "test/sweep/formats",
      "test/sweep/apply/race",
    ],
  },
};

/** Where a scope's sources lie, which they are, and its tests: all of them, or those whose paths hold a given part. */
export function scopeOf({ scope: name, only, tests: among }) {
  const scope = scopes[name];
  if (scope === undefined) throw new Error(`there is no scope ${name}; there are ${Object.keys(scopes).join(" and ")}`);
  const { sources, except = [], tests } = scope;
  return {
    tests,
    sourceFolders: [...new Set(sources.map((part) => part.split("/").slice(0, 2).join("/")))],
    isMutated: (file) =>
      file.endsWith(".ts") &&
      only.some((part) => file.includes(part)) &&
      sources.some((part) => file.startsWith(part)) &&
      !except.includes(file),
    isRun: (file) => among.some((part) => file.includes(part)),
  };
}
