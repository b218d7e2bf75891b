#!/usr/bin/env node
// Starts the tool with the code that V8 compiled when it was built, which halves the start. What another build, another
// V8 or another machine compiled is left alone, and then V8 compiles as it always does.
"use strict";
const { closeSync, openSync, readFileSync, readSync, writeSync } = require("node:fs");
const { Script } = require("node:vm");

/** Three times what there is; pages that are not used cost nothing. Of more, V8 would not take the first part. */
const mostCompiled = 1 << 20;

const bundle = `${__dirname}/../dist/sessreap.cjs`;

/** The first bytes of a file, in three calls: `readFileSync` asks for its size and more. */
function readStart(path, most) {
  const bytes = Buffer.allocUnsafeSlow(most);
  const fd = openSync(path, "r");
  const count = readSync(fd, bytes, 0, most, 0);
  closeSync(fd);
  return bytes.subarray(0, count);
}

const readBundle = (length) => readStart(bundle, length).latin1Slice();

/** The first line of the bundle says its version, too; scripts and hooks ask for that, and need nothing else of it. */
function answersVersion([first, second]) {
  if ((first !== "--version" && first !== "-V") || second !== undefined) return false;
  try {
    const version = /^\/\/ sessreap (\S+), /.exec(readBundle(64))?.[1];
    return version !== undefined && writeSync(1, `${version}\n`) > 0;
  } catch {
    // Whatever the trouble is, the tool itself says it best.
    return false;
  }
}

/** The first line of the bundle says which build it is, and how long its head is; the compiled code begins with it. */
function compiledBefore() {
  try {
    const cache = readStart(`${__dirname}/../dist/sessreap.cache`, mostCompiled);
    const end = cache.indexOf("\n") + 1;
    const [build, made] = cache.latin1Slice(0, end).trimStart().split(" on ");
    if (made !== `${process.platform} ${process.arch} ${process.versions.v8}\n`) return undefined;
    const length = Number(build.slice(-9));
    const source = readBundle(length);
    if (source.length !== length || !source.startsWith(`${build}\n`)) return undefined;
    return { source, cachedData: cache.subarray(end), length };
  } catch {
    return undefined;
  }
}

/** What lies behind the head: the bundle calls it with this as its last argument. */
function textsBehind(length) {
  const rest = readFileSync(bundle, "latin1").slice(length);
  return new Script(`(require, module, __filename) => ((...given) => given[3])${rest}`).runInThisContext()()();
}

function start() {
  const compiled = compiledBefore();
  if (compiled === undefined) {
    require(bundle);
    return;
  }
  const { source, cachedData, length } = compiled;
  const script = new Script(source, { filename: bundle, cachedData });
  script.runInThisContext()(require, module, bundle, () => textsBehind(length));
}

if (!answersVersion(process.argv.slice(2))) start();
