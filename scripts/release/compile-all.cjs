// Run by the Node of a binary: compiles every function of a script, and writes what V8 keeps of that, or says whether V8
// would take it. `node compile-all.cjs make|flags|take SCRIPT COMPILED`
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const [verb, path, compiled] = process.argv.slice(2);
const source = readFileSync(path, "latin1");
if (verb === "make") writeFileSync(compiled, new Script(source).createCachedData());
if (verb === "flags") process.stdout.write(String(new Script("0").createCachedData().readUInt32LE(12)));
if (verb === "take") process.stdout.write(String(!new Script(source, { cachedData: readFileSync(compiled) }).cachedDataRejected));
