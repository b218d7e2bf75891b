// What Node cannot go below: `cut.cjs [--apply] FILE`. It knows the bench's registry to the byte (each member begins and
// ends where an indent of two says), parses each member, and looks at one time in it and at nothing else. Applied, what
// goes is on disk in a second file before the first byte changes, and the new file is durable before it is renamed.
const { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } = require("node:fs");
const { dirname } = require("node:path");

const path = process.argv.at(-1);
const bytes = readFileSync(path);
const ghostsBefore = new Date(Date.now() - 7 * 86_400_000).toISOString();

/** Where members begin, with the line break before them, and end, with their comma: of those that stay, and that go. */
const [stay, go] = [[], []];
for (let start = bytes.indexOf('\n  "'); start >= 0;) {
  const value = bytes.indexOf(": ", start) + 2;
  const end = bytes.indexOf("\n  }", value) + 4;
  const { lastActivityAt } = JSON.parse(bytes.latin1Slice(value, end));
  (lastActivityAt < ghostsBefore ? go : stay).push(start, end);
  start = bytes.indexOf('\n  "', end);
}

/** Spans of the old bytes in chunks of 256 KiB, with something behind each but the last. */
function write(target, head, spans, between, tail) {
  const fd = openSync(target, "w", 0o600);
  const chunk = Buffer.allocUnsafe(1 << 18);
  let filled = chunk.latin1Write(head, 0);
  for (let at = 0; at < spans.length; at += 2) {
    if (filled + spans[at + 1] - spans[at] + 1 > chunk.length) {
      writeSync(fd, chunk, 0, filled);
      filled = 0;
    }
    filled += bytes.copy(chunk, filled, spans[at], spans[at + 1]);
    if (at + 2 < spans.length) filled += chunk.latin1Write(between, filled);
  }
  writeSync(fd, chunk, 0, filled);
  writeSync(fd, tail);
  fsyncSync(fd);
  closeSync(fd);
}

if (process.argv.includes("--apply")) {
  write(`${path}.gone`, "{", go, ",", "\n}\n");
  write(`${path}.next`, "{", stay, ",", "\n}\n");
  renameSync(`${path}.next`, path);
  const directory = openSync(dirname(path), "r");
  fsyncSync(directory);
  closeSync(directory);
}
process.stdout.write(`${go.length / 2} of ${(go.length + stay.length) / 2}\n`);
