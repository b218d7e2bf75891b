#!/usr/bin/env node
// Starts the tool with the code that V8 compiled when it was built, which halves the start. What another build, another
// V8 or another machine compiled is left alone, and then V8 compiles as it always does.
"use strict";
const { closeSync, openSync, readFileSync, readSync } = require("node:fs");
const { Script } = require("node:vm");

const bundle = `${__dirname}/../dist/sessreap.cjs`;

/** The first line of the bundle says which build it is and how long its head is; the compiled code begins with it. */
function compiledBefore() {
  try {
    const cache = readFileSync(`${__dirname}/../dist/sessreap.cache`);
    const end = cache.indexOf("\n") + 1;
    const [build, made] = cache.latin1Slice(0, end).split(" on ");
    if (made !== `${process.platform} ${process.arch} ${process.versions.v8}\n`) return undefined;
    const length = Number(build.slice(-9));
    const head = Buffer.allocUnsafeSlow(length);
    const fd = openSync(bundle, "r");
    const count = readSync(fd, head, 0, length, 0);
    closeSync(fd);
    if (count !== length || !head.latin1Slice(0, build.length + 1).startsWith(`${build}\n`)) return undefined;
    return { source: head.latin1Slice(0, length), cachedData: cache.subarray(end), length };
  } catch {
    return undefined;
  }
}

/** What lies behind the head: the bundle calls it with this as its last argument. */
function textsBehind(length) {
  const rest = readFileSync(bundle, "latin1").slice(length);
  return new Script(`(require, module, __filename) => ((...given) => given[3])${rest}`).runInThisContext()()();
}

const compiled = compiledBefore();
if (compiled === undefined) require(bundle);
else {
  const { source, cachedData, length } = compiled;
  const script = new Script(source, { filename: bundle, cachedData });
  script.runInThisContext()(require, module, bundle, () => textsBehind(length));
}
