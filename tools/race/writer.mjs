/**
 * A bridge that knows no lock: reads the whole registry, sets one entry, writes the whole registry; every third time
 * it also leaves a ghost. Keeps a ledger of what it wrote and counts the updates that are gone for good: those that
 * are still missing when their slot comes round again.
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";

const [path, kind, count, pauseMs, burst] = process.argv.slice(2);
const slots = 100;
const ledger = new Map();
let lost = 0;
let worstMs = 0;
let writes = 0;

function pause(ms) {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const write = {
  "in-place": (text) => writeFileSync(path, text),
  rename: (text) => {
    writeFileSync(`${path}.writer`, text);
    renameSync(`${path}.writer`, path);
  },
  slow: (text) => {
    const fd = openSync(path, "w");
    const half = Math.floor(text.length / 2);
    writeSync(fd, text.slice(0, half));
    pause(2);
    writeSync(fd, text.slice(half));
    closeSync(fd);
  },
}[kind];

for (let seq = 1; seq <= Number(count); seq += 1) {
  const started = performance.now();
  const registry = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const slot = `slot-${seq % slots}`;
  if (ledger.has(slot) && registry[slot]?.seq !== ledger.get(slot)) lost += 1;
  registry[slot] = { seq, text: "x".repeat(200) };
  if (seq % 3 === 0) registry[`ghost-${seq}`] = { seq, text: "y".repeat(200) };
  write(JSON.stringify(registry, null, 2));
  ledger.set(slot, seq);
  writes += 1;
  worstMs = Math.max(worstMs, performance.now() - started);
  if (seq % Number(burst) === 0) pause(Number(pauseMs));
}
process.stdout.write(JSON.stringify({ writes, lost, worstMs: Math.round(worstMs), ledger: [...ledger] }));
