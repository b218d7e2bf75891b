import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ownFileState } from "../../../src/systemd/manage/own-file.ts";

test("a FIFO in the place of a unit is not ours, and is not waited for", () => {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-own-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "sessreap.timer");
  expect(ownFileState(path)).toBe("missing");
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  expect(ownFileState(path)).toBe("foreign");
});
