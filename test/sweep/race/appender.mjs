// Sessions that register themselves by a line each at the end of a file, which each opens, writes and closes: every other one
// is of a process that is gone. The last argument is that of one that runs.
import { closeSync, openSync, writeSync } from "node:fs";

const [path, rounds, gone, running] = process.argv.slice(2);
const wait = new Int32Array(new SharedArrayBuffer(4));

for (let round = 0; round < Number(rounds); round += 1) {
  for (const pid of [gone, running]) {
    const fd = openSync(path, "a");
    writeSync(fd, `${JSON.stringify({ id: `session-${pid}-${round}`, pid: Number(pid) })}\n`);
    closeSync(fd);
  }
  Atomics.wait(wait, 0, 0, Math.random() * 12);
}
