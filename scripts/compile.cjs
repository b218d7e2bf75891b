// Lets the tool run as it usually does, in a scratch home, and keeps what V8 compiled meanwhile for `bin/sessreap.cjs`.
// Whatever the runs did not need is compiled when it is needed, as always.
"use strict";
const fs = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { Script } = require("node:vm");

const dist = join(__dirname, "..", "dist");
const bundle = join(dist, "sessreap.cjs");
const text = fs.readFileSync(bundle, "latin1");
const build = text.slice(0, text.indexOf("\n"));
const script = new Script(text.slice(0, Number(build.slice(-9))), { filename: bundle });

const scratch = fs.mkdtempSync(join(tmpdir(), "sessreap-compile-"));
const registry = join(scratch, "registrations.json");
fs.copyFileSync(join(__dirname, "..", "examples", "registrations.json"), registry);
fs.utimesSync(registry, 0, 0);
// Whoever builds: npm's variables, too, would lead to parts that a timer's sweep does not need.
for (const name of Object.keys(process.env)) if (name !== "PATH") delete process.env[name];
process.env.HOME = scratch;
process.env.SESSREAP_STATE_DIR = join(scratch, "state");

const young = join(scratch, "young.json");
fs.writeFileSync(young, JSON.stringify({ agent: { threadId: "none", registeredAt: new Date().toISOString() } }));

/** What timers run all day. A sweep that reaps compiles the rest of it: whatever is kept here, every start has to read. */
const runs = [
  ["--version"],
  ["--dry-run", "--registry", young],
  ["--registry", young],
  ["--registry", young],
  ["--dry-run", "--registry", registry],
];

/** The tool's own output is of no use here. */
const { writeSync } = fs;
fs.writeSync = (fd, bytes, ...rest) => (fd === 1 || fd === 2 ? bytes.length - (rest[0] ?? 0) : writeSync(fd, bytes, ...rest));

let unexpected;
function runNext() {
  const words = runs.shift();
  if (words === undefined) return false;
  process.argv.splice(2, Infinity, ...words);
  script.runInThisContext()(require, module, bundle, () => {
    unexpected = `sessreap ${words.join(" ")} asked for a part that no quiet sweep needs`;
    throw new Error(unexpected);
  });
  // Without work in the loop, nobody would hear of its next end.
  setImmediate(() => undefined);
  return true;
}

process.on("beforeExit", () => {
  if (runNext()) return;
  fs.rmSync(scratch, { recursive: true, force: true });
  if (unexpected !== undefined) throw new Error(unexpected);
  const { platform, arch, versions } = process;
  const line = `${build} on ${platform} ${arch} ${versions.v8}\n`;
  // V8 copies what does not begin at such a place.
  const padded = line.padStart(Math.ceil(line.length / 8) * 8);
  fs.writeFileSync(join(dist, "sessreap.cache"), Buffer.concat([Buffer.from(padded, "latin1"), script.createCachedData()]));
});
runNext();
