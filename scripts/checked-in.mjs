// Writes a generated file that is checked in; with `--check` it says which differ, and the run fails.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const isCheck = process.argv.includes("--check");

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function checkedIn(path, text) {
  if (read(path) === text) return;
  if (isCheck) {
    process.stderr.write(`${path} is out of date: run node ${process.argv[1]?.replace(`${process.cwd()}/`, "")}\n`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
