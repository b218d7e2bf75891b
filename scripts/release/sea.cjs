// What a standalone binary runs first, with what V8 made of the bundle's head when the binary was built. Where it was
// made for another V8, or nothing could be made, V8 compiles as it always does.
"use strict";
const { getRawAsset } = require("node:sea");
const { Script } = require("node:vm");

const asset = (name) => Buffer.from(getRawAsset(name));
const compiled = asset("compiled");
const script = new Script(asset("head").latin1Slice(), { filename: "sessreap", cachedData: compiled.length > 0 ? compiled : undefined });

/** What no quiet sweep needs lies behind the head, as in the bundle. */
function textsBehind() {
  return new Script(`(require, module, __filename) => ((...given) => given[3])${asset("rest").latin1Slice()}`).runInThisContext()()();
}

script.runInThisContext()(require, module, process.execPath, textsBehind);
