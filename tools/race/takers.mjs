/**
 * A program that takes a lock file against a reaper that takes the file for a ghost's: for how often was its name missing
 * while the program had the lock?
 *
 *   npm run race:locks                      a thousand rounds with a lease, and as many without
 *   npm run race:locks -- --rounds 20000
 *
 * Exits 1 when a name was missing with a lease, or when neither came first now and then, for then nothing was tried.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "1000" }, methods: { type: "string", default: "lease,none" } },
});

const here = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), "sessreap-takers-"));

async function library() {
  const outfile = join(scratch, "library.mjs");
  const contents = [
    'export { captureEntries } from "./src/host/capture/capture.ts";',
    'export { readEntryFile } from "./src/host/files/entries/entry-files.ts";',
    'export { usersOf } from "./src/host/locks/file-users.ts";',
  ].join("\n");
  await build({
    stdin: { contents, resolveDir: join(here, "../..") },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    loader: { ".pl": "text" },
  });
  return import(outfile);
}

async function race(method, { captureEntries, readEntryFile, usersOf }) {
  const root = mkdtempSync(join(scratch, `${method}-`));
  const key = "daemon.lock";
  writeFileSync(join(root, key), '{"pid":4194303}');
  const taker = spawn("/usr/bin/perl", [join(here, "taker.pl"), join(root, key), values.rounds], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  taker.stdout.on("data", (chunk) => (said += chunk));
  // Without perl there is no lease. What may not be looked at is no user here: the moments between look and rename count.
  const path = process.env.PATH;
  if (method === "none") {
    mkdirSync(join(scratch, "empty"), { recursive: true });
    process.env.PATH = join(scratch, "empty");
  }
  const seen = (fds) => usersOf(fds).map((user) => (user?.pid === undefined ? undefined : user));
  const outcomes = {};
  while (!taker.stdout.readableEnded) {
    const read = readEntryFile(root, key);
    if (read.kind === "read") {
      const [{ kind }] = captureEntries(root, [{ key, state: read.state, bytes: read.bytes }], seen);
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    }
    await new Promise((resolve) => void setImmediate(resolve));
  }
  process.env.PATH = path;
  const leftovers = readdirSync(root).filter((name) => name.includes("sessreap")).length;
  return { method, ...JSON.parse(said), leftovers, outcomes: JSON.stringify(outcomes) };
}

try {
  const ours = await library();
  for (const method of values.methods.split(",")) {
    const row = await race(method, ours);
    console.log(
      Object.entries(row)
        .map(([name, value]) => `${name} ${value}`)
        .join("  "),
    );
    const isTried = row.taken > 0 && row.outcomes.includes("dropped") && row.outcomes.includes("busy");
    if (method === "lease" && (row.missing > 0 || row.leftovers > 0 || !isTried)) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
