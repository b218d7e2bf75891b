// A session that takes a dead one's pid, again and again: finds the ghost's file or none, and registers itself over it,
// in place, by rename, or through a descriptor that it opened a while before. Says how many of its registrations were lost.
import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";

const [path, rounds, way] = process.argv.slice(2);
const wait = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms) => Atomics.wait(wait, 0, 0, ms);

/** As one does who locks a file before it reads it: what is there is opened as it is, and written to a while later. */
function writeLater(text) {
  let fd;
  try {
    fd = openSync(path, "r+");
  } catch {
    return writeFileSync(path, text);
  }
  pause(4);
  ftruncateSync(fd, 0);
  writeSync(fd, text);
  closeSync(fd);
}

function write(text) {
  if (way === "after opening it" && text.includes("live")) return writeLater(text);
  if (way !== "by-rename") return writeFileSync(path, text);
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

function holds(text) {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
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
  // About as long as the reaper takes to start its helper, so that each of them comes first now and then.
  pause(Math.random() * 16);
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
