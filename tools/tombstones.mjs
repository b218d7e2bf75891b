// The tombstones that stand in a state directory, read without the code that is on trial.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

function objectIn(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** Keys of what is kept there and was not taken back. */
export function buriedKeys(stateDir) {
  const directory = join(stateDir, "tombstones");
  if (!existsSync(directory)) return [];
  const taken = new Set();
  const found = [];
  for (const name of readdirSync(directory)) {
    let plot;
    let number = 0;
    for (const raw of readFileSync(join(directory, name), "utf8").split("\n")) {
      if (raw === "") continue;
      const line = objectIn(raw);
      if (line.plot !== undefined) [plot, number] = [line.plot, line.plot.first];
      else if (line.void !== undefined) for (const id of line.void) taken.add(id);
      else {
        if (line.key !== undefined) found.push({ id: `${plot.sweepId}/${number}`, key: line.key });
        number += 1;
      }
    }
  }
  return found.filter(({ id }) => !taken.has(id)).map(({ key }) => key);
}
