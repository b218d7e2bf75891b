// Run by the Node that writes the blob: `node inject.cjs PKG VERSION PLATFORM OUTPUT`, in a directory that holds sea.cjs
// and, in `files`, the files of the bundle.
// pkg's command line takes no settings for a plain script, so its function is called: the two settings keep paths of the
// build machine and a hostile NODE_OPTIONS out of the binary.
const { readdirSync } = require("node:fs");
const { resolve } = require("node:path");

const [pkg, version, target, output] = process.argv.slice(2);
const [os, arch] = target.split("-");
const { default: sea } = require(resolve(pkg, "lib-es5/sea.js"));

// pkg works in a directory of its own below $TMPDIR, which is below this one.
const assets = Object.fromEntries(readdirSync("files").map((name) => [name, `../../files/${name}`]));

void sea("sea.cjs", {
  targets: [{ nodeRange: `node${version}`, platform: os === "darwin" ? "macos" : os, arch, output: resolve(output) }],
  signature: true,
  seaConfig: { main: "../../sea.cjs", assets, execArgvExtension: "none" },
});
