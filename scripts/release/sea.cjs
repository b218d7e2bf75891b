// What a standalone binary runs first: it gives the tool the files of the bundle, which the binary carries as assets.
"use strict";
const { basename } = require("node:path");
const { getAsset } = require("node:sea");
const { compileFunction } = require("node:vm");

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
