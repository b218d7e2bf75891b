import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { daysAgo, declareRegistry, leaveOut, newScratch, toolWords, writeOld, type Ran, type Scratch } from "./harness.ts";
import { gonePid } from "../processes.ts";

const npm = spawnSync("npm", ["--version"], { encoding: "utf8" }).stdout as string | null;
if (npm === null) leaveOut("what npm does to options", "there is no npm on this machine");

/** A project that has sessreap among its dependencies, and one ghost. */
async function project() {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since: daysAgo(1) } }));
  const bin = join(scratch.dir, "node_modules/.bin/sessreap");
  mkdirSync(join(bin, ".."), { recursive: true });
  writeFileSync(bin, `#!/bin/sh\nexec ${toolWords.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(bin, 0o755);
  writeFileSync(join(scratch.dir, "package.json"), '{ "private": true, "scripts": { "prepublishOnly": "sessreap" } }');
  const run = ([file, ...words]: readonly string[]): Ran => {
    const env = { ...scratch.env, npm_config_update_notifier: "false", npm_config_offline: "true", npm_config_loglevel: "error" };
    const { status, signal, stdout, stderr } = spawnSync(file as string, words, { cwd: scratch.dir, env, encoding: "utf8" });
    return { code: status, signal, stdout, stderr };
  };
  return { scratch, path, run };
}

function isUntouched({ stateDir }: Scratch, path: string): boolean {
  return readFileSync(path, "utf8").includes("ghost") && !existsSync(stateDir);
}

describe.skipIf(npm === null)("a real npm stands between the person and sessreap", () => {
  test.each(["npx --no sessreap --dry-run", "npm exec sessreap --dry-run", "npm --dry-run run prepublishOnly"])(
    "%s: npm keeps the option, and it is a dry run all the same",
    async (line) => {
      const { scratch, path, run } = await project();
      const { code, stdout, stderr } = run(line.split(" "));
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("note    npm was told --dry-run, so this is one") });
      expect(stdout).toContain("1 ghost (1 would be reaped) (dry run)");
      expect(isUntouched(scratch, path)).toBe(true);
    },
  );

  test.each(["npx sessreap --dry-run", "npx --no -- sessreap --dry-run", "npm exec -- sessreap -n"])(
    "%s: npm hands the option on, and nothing needs to be said",
    async (line) => {
      const { scratch, path, run } = await project();
      const { code, stdout, stderr } = run(line.split(" "));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("1 ghost (1 would be reaped) (dry run)");
      expect(isUntouched(scratch, path)).toBe(true);
    },
  );

  test.each([
    ["npx --no sessreap --grace=20d", "npm has kept --grace for itself"],
    ["npx --no sessreap --host-gone=mars --ttl=90d", "npm has kept --ttl, --host-gone for itself"],
    ["npm exec sessreap reap ghost --dry-run", "npm was told --dry-run, and reap has none"],
    ["npm exec sessreap watch --dry-run", "npm was told --dry-run, and watch has none"],
    ["npm exec sessreap owners --dry-run -- --retire older", "npm was told --dry-run, and owners has none"],
  ])("%s is a usage error, because what was typed is lost", async (line, message) => {
    const { scratch, path, run } = await project();
    const { code, stderr } = run(line.split(" "));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(isUntouched(scratch, path)).toBe(true);
  });

  test("npx --no sessreap: without an option, the ghost goes", async () => {
    const { path, run } = await project();
    expect(run(["npx", "--no", "sessreap"])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^undo .*\n$/) });
    expect(readFileSync(path, "utf8")).not.toContain("ghost");
  });

  test("npm exec sessreap list --dry-run: what never writes has no need of it", async () => {
    const { run } = await project();
    const { code, stderr } = run(["npm", "exec", "sessreap", "list", "--dry-run"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("npm was told") });
  });
});

describe.skipIf(npm === null)("a stranger installs the package", () => {
  const exported =
    "builtInFormat builtInFormats declaredFormats defaultPolicy formatMessage judge ladder nothingClaimed parseDuration readMembers seen soughtId trace unseen";
  const exportedOfHost =
    "BridgeError BusyError NotOwnerError OtherRowError RefusedError RegistryError StateError UsageError reapOne reconcile watch";

  const consumer = `import * as pure from "sessreap";
import * as host from "sessreap/host";
import { NotOwnerError, reapOne, reconcile, type OwnRegistry, type ReapedRow, type Reconciled } from "sessreap/host";
const registry: OwnRegistry = { format: "llmmsg-bridge", path: "/nowhere/registrations.json", appServers: ["ws://127.0.0.1:8788"] };
const { state, rows }: Reconciled = await reconcile({ registry, signal: new AbortController().signal });
const gone = (reaped: ReapedRow): string => (reaped.gone ? "gone" : reaped.row.reason);
const code = await reapOne("mars", { sessionId: "0" }, { registry }).then(gone, (error: host.BridgeError) => error.code);
// @ts-expect-error which row is meant has to be said
const unsaid = await reapOne("mars", {}, { registry }).catch((error: unknown) => error instanceof host.UsageError);
console.log(JSON.stringify({ pure: Object.keys(pure).join(" "), host: Object.keys(host).join(" "), state, rows, code, unsaid, isClass: new NotOwnerError("") instanceof Error }));
`;

  test("both of its entries are as they were published, with types that compile without Node's", async () => {
    const scratch = newScratch();
    const run = (file: string, words: readonly string[], cwd = process.cwd()): string => {
      const env = { ...scratch.env, npm_config_offline: "true", npm_config_update_notifier: "false" };
      const { status, stdout, stderr } = spawnSync(file, words, { cwd, env, encoding: "utf8" });
      if (status !== 0) throw new Error(`${file} ${words.join(" ")}: ${stdout}${stderr}`);
      return stdout;
    };
    run(process.execPath, ["scripts/types.mjs"]);
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", scratch.dir]);
    const into = join(scratch.dir, "node_modules", "sessreap");
    mkdirSync(into, { recursive: true });
    run("tar", ["-xzf", join(scratch.dir, "sessreap-0.1.0.tgz"), "--strip-components=1", "-C", into]);
    // What the pages name of the examples is there, and can be run.
    for (const hook of ["agent", "claude-session-end", "codex-notify", "launch"])
      accessSync(join(into, `examples/hooks/${hook}.sh`), constants.X_OK);
    writeFileSync(join(scratch.dir, "package.json"), '{ "private": true, "type": "module" }');
    writeFileSync(join(scratch.dir, "consumer.ts"), consumer);
    const compilerOptions = { module: "nodenext", target: "es2023", lib: ["es2023", "dom"], types: [], strict: true };
    writeFileSync(join(scratch.dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", scratch.dir]);
    expect(JSON.parse(run(process.execPath, ["consumer.js"], scratch.dir))).toEqual({
      pure: exported,
      host: exportedOfHost,
      state: "missing",
      rows: [],
      code: "registry",
      unsaid: true,
      isClass: true,
    });
  }, 120_000);
});
