// The licences of everything that a binary holds: the packages in the bundle, and Node.js, which brings its own list.
import { readFileSync } from "node:fs";
import { fetchNode } from "./nodes.mjs";
import { platforms } from "./platforms.mjs";
import { dirname, join } from "node:path";

export function allLicences() {
  const nodes = new Map();
  for (const [platform, pinned] of Object.entries(platforms)) {
    const text = readFileSync(join(dirname(fetchNode(pinned)), "../LICENSE"), "utf8");
    nodes.set(text, [...(nodes.get(text) ?? []), `Node.js ${pinned.node} for ${platform}`]);
  }
  const rule = `\n${"-".repeat(80)}\n\n`;
  const ofNodes = [...nodes].map(([text, names]) => `${rule}The standalone binaries hold ${names.join(" and ")}:\n\n${text}`);
  return `${readFileSync("dist/third-party-licenses.txt", "utf8")}${ofNodes.join("")}`;
}
