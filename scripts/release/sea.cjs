// What a standalone binary runs first: it gives the tool the files of the bundle, which the binary carries as assets.
"use strict";
const { basename } = require("node:path");
const { getAsset } = require("node:sea");
const { compileFunction } = require("node:vm");

const loaded = new Map();

/** A module of Node, or a file of the bundle, which is run once. */
function load(path) {
  if (!path.startsWith(".")) return require(path);
  const name = basename(path);
  if (!loaded.has(name)) {
    const module = { exports: {} };
    loaded.set(name, module);
    const run = compileFunction(getAsset(name, "utf8"), ["require", "module", "exports"], { filename: `sessreap/${name}` });
    run(load, module, module.exports);
  }
  return loaded.get(name).exports;
}

load("./sessreap.cjs");
