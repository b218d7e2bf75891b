import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const works = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;
const canInject = works("strace", "-f", "-qq", "-o", "/dev/null", "true");
const canMount = works("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt");
if (!canInject) console.warn("strace is not here: no sweep is killed and no call fails in these tests");
if (!canMount) console.warn("nothing can be mounted here: no disk is filled in these tests");

/** Each so many of the points; 1 for all of them. */
const every = process.env["SESSREAP_FAULTS_EVERY"] ?? "60";

function faults(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/faults.mjs", ...args], { cwd: root, encoding: "utf8" });
  expect(status, `${stdout}${stderr}`).toBe(0);
  return stdout;
}

test.runIf(canInject)(
  "killed or failed at any call, the registry is old or new and the next sweep finishes",
  { timeout: 3_600_000 },
  () => {
    const said = faults("--every", every, "--errors", "EIO,ENOSPC", "--entries", "20");
    const scenes = ["one member", "busy", "onGhost: release", "restore of one member", "restore of many files"];
    for (const scene of scenes) {
      expect(said).toMatch(new RegExp(`^${scene}, killed \\(\\d+ calls\\): \\d+ runs, [1-9]\\d* old, .* 0 bad$`, "m"));
      expect(said).toMatch(new RegExp(`^${scene}, failed \\(\\d+ calls\\): [1-9]\\d* runs, .* 0 bad$`, "m"));
    }
  },
);

test.runIf(canMount)("on a disk that fills up, no registry is cut short", { timeout: 600_000 }, () => {
  expect(faults("--disk-full")).toMatch(/^disk full: \d+ runs, [1-9]\d* old, [1-9]\d* new, 0 bad$/m);
});
