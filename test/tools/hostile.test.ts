import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isRoot } from "../users.ts";

const root = join(import.meta.dirname, "../..");
if (!isRoot) console.warn("not root: no user is hostile beside a sweep of several homes");

const seconds = process.env["SESSREAP_HOSTILE_SECONDS"] ?? "15";

test.runIf(isRoot)(
  "beside a user who swaps what root sweeps, nothing of another's changes, and every other home is swept",
  { timeout: 3_600_000 },
  () => {
    const args = ["tools/hostile.mjs", "--seconds", seconds, "--homes", "6"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        /^hostile: [1-9]\d* sweeps of 6 homes, [1-9]\d* reaped, .* beside [1-9]\d* swaps; .* squatted [1-9]\d* times; .*; 0 harmed\n/,
      ) as string,
      stderr: "",
    });
  },
);
