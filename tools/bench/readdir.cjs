// The least that a look at a tree of markers can cost: its names, and nothing else.
const { readdirSync } = require("node:fs");
let count = 0;
function walk(path) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) walk(`${path}/${entry.name}`);
    else count += 1;
  }
}
walk(process.argv[2]);
process.stdout.write(`${count}\n`);
