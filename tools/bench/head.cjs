// Reads the code that V8 compiled at the build and runs its top level, and then only says the version: for the bench,
// what a sweep costs before it looks at anything.
"use strict";
const { closeSync, openSync, readSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const bundle = join(__dirname, "../../dist/sessreap.cjs");

function readStart(path, most) {
  const bytes = Buffer.allocUnsafeSlow(most);
  const fd = openSync(path, "r");
  const count = readSync(fd, bytes, 0, most, 0);
  closeSync(fd);
  return bytes.subarray(0, count);
}

const cache = readStart(join(__dirname, "../../dist/sessreap.cache"), 1 << 20);
const end = cache.indexOf("\n") + 1;
const [build] = cache.latin1Slice(0, end).trimStart().split(" on ");
const source = readStart(bundle, Number(build.slice(-9))).latin1Slice();
const script = new Script(source, { filename: bundle, cachedData: cache.subarray(end) });
if (script.cachedDataRejected) throw new Error("V8 does not take what was compiled: run `npm run build`");
process.argv.splice(2, Infinity, "--version");
script.runInThisContext()(require, module, bundle, () => {
  throw new Error("saying the version needed a part that is not in the head");
});
