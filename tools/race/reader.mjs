/** Has the registry open to read, all the time, as `tail -F` has: a file that takes its place is opened before the old one is closed. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

const [path] = process.argv.slice(2);
const wait = new Int32Array(new SharedArrayBuffer(4));
const piece = Buffer.alloc(4096);
let fd = openSync(path, "r");
process.stdout.write("open\n");
process.stdin.resume();

while (!process.stdin.readableEnded) {
  readSync(fd, piece, 0, piece.length, 0);
  const now = statSync(path, { throwIfNoEntry: false });
  if (now !== undefined && now.ino !== fstatSync(fd).ino) {
    const next = openSync(path, "r");
    closeSync(fd);
    fd = next;
  }
  Atomics.wait(wait, 0, 0, 0.2);
  await new Promise((resolve) => void setImmediate(resolve));
}
