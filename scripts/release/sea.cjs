// What a standalone binary runs first: it gives the tool the files of the bundle, which the binary carries as assets.
"use strict";
const { basename } = require("node:path");
const { getAsset } = require("node:sea");
const { compileFunction } = require("node:vm");

// Whoever measures the coverage of a program around us gets none of ours, and no file: Node would write one at the end, and
// say on standard error why it cannot.
if (process.env.NODE_V8_COVERAGE) {
  const { closeSync, openSync } = require("node:fs");
  require("node:v8").stopCoverage();
  process.on("exit", () => {
    closeSync(2);
    openSync("/dev/null", "w");
  });
}

const loaded = new Map();

/** A module of Node, or a file of the bundle, which is run once. write-file-atomic makes names of `__filename`. */
function load(path) {
  if (!path.startsWith(".")) return require(path);
  const name = basename(path);
  if (!loaded.has(name)) {
    const module = { exports: {} };
    loaded.set(name, module);
    const filename = `sessreap/${name}`;
    const run = compileFunction(getAsset(name, "utf8"), ["require", "module", "exports", "__filename"], { filename });
    run(load, module, module.exports, filename);
  }
  return loaded.get(name).exports;
}

load("./sessreap.cjs");
