// Lets the tool run as it usually does, in a scratch home, and keeps what V8 compiled meanwhile for `bin/sessreap.js`.
// Whatever the runs did not need is compiled when it is needed, as always.
"use strict";
const { copyFileSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");

const cache = join(__dirname, "..", "dist", "sessreap.cache");
try {
  unlinkSync(cache);
} catch {
  // There was none.
}

const scratch = mkdtempSync(join(tmpdir(), "sessreap-compile-"));
const registry = join(scratch, "registrations.json");
copyFileSync(join(__dirname, "..", "examples", "registrations.json"), registry);
utimesSync(registry, 0, 0);
process.env.HOME = scratch;
process.env.SESSREAP_STATE_DIR = join(scratch, "state");
process.argv[1] = join(__dirname, "..", "bin", "sessreap.js");

const runs = [["--version"], ["--dry-run", "--app-server", "ws://127.0.0.1:9", "--registry", registry], ["--registry", registry, "--json"]];
/** The tool's own output is of no use here. */
const fs = require("node:fs");
const { writeSync } = fs;
fs.writeSync = (fd, bytes, ...rest) => (fd === 1 || fd === 2 ? bytes.length - (rest[0] ?? 0) : writeSync(fd, bytes, ...rest));

let bin;
let next = 0;
function run() {
  process.argv.splice(2, Infinity, ...runs[next]);
  next += 1;
  if (bin === undefined) bin = require("../bin/sessreap.js");
  else bin.script.runInThisContext()(require, module, join(__dirname, "..", "dist", "sessreap.cjs"));
}

process.on("beforeExit", () => {
  if (next < runs.length) {
    run();
    return;
  }
  rmSync(scratch, { recursive: true, force: true });
  writeFileSync(cache, Buffer.concat([Buffer.from(bin.maker, "latin1"), bin.script.createCachedData()]));
  process.exitCode = 0;
});
run();
