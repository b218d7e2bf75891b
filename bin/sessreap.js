#!/usr/bin/env node
// Starts the tool with the code that V8 compiled when it was built, which halves the start. What another build, another
// V8 or another machine compiled is left alone, and then V8 compiles as it always does.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const filename = join(__dirname, "..", "dist", "sessreap.cjs");
const source = readFileSync(filename, "latin1");
const { arch, platform, versions } = process;
/** The build names itself in its last line. */
const maker = `${source.slice(source.lastIndexOf("\n", source.length - 2) + 1, -1)} ${platform} ${arch} ${versions.v8}\n`;

function compiledBefore() {
  try {
    const cache = readFileSync(join(__dirname, "..", "dist", "sessreap.cache"));
    return cache.latin1Slice(0, maker.length) === maker ? cache.subarray(maker.length) : undefined;
  } catch {
    return undefined;
  }
}

const script = new Script(`(function (require, module, __filename) {${source}\n})`, { filename, cachedData: compiledBefore() });
script.runInThisContext()(require, module, filename);
module.exports = { script, maker };
