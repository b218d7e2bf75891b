/**
 * Sweeps the ghosts of one registry in a loop until its input ends, then once more when the writer is quiet. Three
 * methods: `naive` (read, write aside, rename), `compare` (the same, compared with the file right before the rename)
 * and `ours` (what sessreap does).
 */
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";

const [path, method, library] = process.argv.slice(2);
const { cutsFor, keptSpans, memberKey, readRegistryFile, replaceJudged, scan } = await import(library);
const outcomes = {};
process.stdin.resume();

function withoutGhosts(bytes) {
  const source = { bytes, text: (start, end) => bytes.toString("utf8", start, end) };
  const result = scan(source, "");
  if (!result.ok) return undefined;
  const { container } = result;
  const all = Array.from({ length: container.members.length }, (_, index) => index);
  const ghosts = all.filter((index) => memberKey(source, container, index).startsWith("ghost-"));
  return ghosts.length === 0 ? [] : keptSpans(bytes.length, cutsFor(container, ghosts));
}

function swapByRename(compare) {
  const stat = statSync(path);
  const bytes = readFileSync(path);
  const spans = withoutGhosts(bytes);
  if (spans === undefined || spans.length === 0) return spans === undefined ? "torn" : "nothing";
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, Buffer.concat(spans.map(({ start, end }) => bytes.subarray(start, end))));
  if (compare) {
    const now = statSync(path);
    const same = now.ino === stat.ino && now.mtimeMs === stat.mtimeMs && now.size === stat.size && readFileSync(path).equals(bytes);
    if (!same) return "changed";
  }
  renameSync(temporary, path);
  return "replaced";
}

async function swapByOurs() {
  const read = readRegistryFile(path);
  if (read.kind !== "read") return "torn";
  const spans = withoutGhosts(read.file.bytes);
  if (spans === undefined || spans.length === 0) return spans === undefined ? "torn" : "nothing";
  const { kind, problem } = await replaceJudged(read.file, spans, () => Promise.resolve(true));
  return problem === undefined ? kind : `${kind}: ${problem}`;
}

async function pass() {
  const outcome = method === "ours" ? await swapByOurs() : swapByRename(method === "compare");
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

while (!process.stdin.readableEnded) {
  await pass();
  await new Promise((resolve) => void setTimeout(resolve, 1));
}
await pass();
process.stdout.write(JSON.stringify(outcomes));
