// Run by the Node that writes the blob: `node inject.cjs PKG VERSION PLATFORM OUTPUT`, in the directory of the parts.
// pkg's command line takes no settings for a plain script, so its function is called: the two settings keep paths of the
// build machine and a hostile NODE_OPTIONS out of the binary.
const { resolve } = require("node:path");

const [pkg, version, target, output] = process.argv.slice(2);
const [os, arch] = target.split("-");
const { default: sea } = require(resolve(pkg, "lib-es5/sea.js"));

// pkg works in a directory of its own below $TMPDIR, which is below this one.
const part = (name) => `../../${name}`;
const assets = Object.fromEntries(["head", "rest", "compiled"].map((name) => [name, part(name)]));

void sea("sea.cjs", {
  targets: [{ nodeRange: `node${version}`, platform: os === "darwin" ? "macos" : os, arch, output: resolve(output) }],
  signature: true,
  seaConfig: { main: part("sea.cjs"), assets, execArgvExtension: "none" },
});
