// A session that takes a dead one's pid, again and again: finds the ghost's file or none, and registers itself over it,
// in place or by rename. Says how many of its registrations were lost.
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const [path, rounds, way] = process.argv.slice(2);
const wait = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms) => Atomics.wait(wait, 0, 0, ms);

function write(text) {
  if (way === "in-place") return writeFileSync(path, text);
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

function holds(text) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      if (readFileSync(path, "utf8") === text) return true;
    } catch {
      // It may stand aside for a moment.
    }
    pause(1);
  }
  return false;
}

let lost = 0;
let overGhosts = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  write(JSON.stringify({ ghost: round }));
  pause(Math.random() * 1.5);
  try {
    readFileSync(path);
    overGhosts += 1;
  } catch {
    // The ghost has been reaped already.
  }
  const text = JSON.stringify({ live: round });
  write(text);
  if (!holds(text)) lost += 1;
}
process.stdout.write(JSON.stringify({ lost, overGhosts }));
