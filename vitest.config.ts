import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// The tests name files by their paths in the repository, wherever vitest is started.
process.chdir(import.meta.dirname);

/** An import of a perl program is its text, as the bundler has it. */
export const perlAsText = {
  name: "perl-as-text",
  transform: (code: string, id: string) =>
    id.endsWith(".pl") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined,
};

/** Tests that count what a look at the machine costs: the processes of other tests would be counted along. */
const alone = ["test/cli/work.test.ts"];

const project = (name: string, include: readonly string[], extra: object = {}) => ({
  plugins: [perlAsText],
  test: { name, include: [...include], ...extra },
});

/** For tests that start processes: these end with the test, and with the run, in whatever way it ends. */
const setupFiles = ["test/processes.ts"];
const globalSetup = ["test/keeper.ts", "test/build.ts"];

/** One project a kind of room: those of pure code run in milliseconds, those of real things may take their time. */
export default defineConfig({
  test: {
    reporters: ["default"],
    // Most tests wait for processes that they started, so a core less than all leaves the machine idle.
    maxWorkers: availableParallelism(),
    projects: [
      project("core", ["test/house/**/*.test.ts", "test/core/**/*.test.ts", "test/registries/**/*.test.ts", "test/report/**/*.test.ts"], {
        testTimeout: 60_000,
      }),
      project("sim", ["test/sim/**/*.test.ts"], { testTimeout: 60_000 }),
      project("host", ["test/host/**/*.test.ts", "test/sweep/**/*.test.ts", "test/tools/**/*.test.ts"], {
        testTimeout: 60_000,
        setupFiles,
        globalSetup,
      }),
      project("cli", ["test/cli/**/*.test.ts"], {
        exclude: alone,
        testTimeout: 60_000,
        setupFiles,
        hookTimeout: 180_000,
        globalSetup,
      }),
      project("systemd", ["test/systemd/**/*.test.ts"], {
        testTimeout: 60_000,
        setupFiles,
        hookTimeout: 60_000,
        globalSetup,
      }),
      project("alone", alone, { testTimeout: 60_000, setupFiles, globalSetup, fileParallelism: false }),
    ],
  },
});
