// A mutation score over the code that decides (`core`) or the code that writes (`apply`); see `mutate.mjs`. The mutants are
// shared among as many test runs as there are cores.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scopeOf, scopes } from "./choice.mjs";
import { mutantsOf } from "./schemata.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Small and fixed, so that the same mutants are killed every time. */
const small = { SESSREAP_LAW_RUNS: "60", SESSREAP_HISTORIES: "200", SESSREAP_SIM_HISTORIES: "25", SESSREAP_SIM_SEED: "1" };

/** A mutant that makes a test silent for so long, in ms, has killed it. */
const silentMs = 30_000;

const groups = new Set();
function endGroup(pid) {
  groups.delete(pid);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended already.
  }
}
process.once("exit", () => groups.forEach(endGroup));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

/** Has a shard been at one mutant for too long? */
function isSilent(log) {
  const since = statSync(`${log}.trying`, { throwIfNoEntry: false })?.mtimeMs;
  return since !== undefined && Date.now() - since > silentMs;
}

/** Runs a shard's tests once; true when a mutant had to be ended from outside, and the rest is still to do. */
function runOnce(choice, log) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--config", "tools/mutation/vitest.config.mjs"], {
    cwd: root,
    env: { ...env, ...small, SESSREAP_MUTATION: JSON.stringify(choice), SESSREAP_MUTATION_LOG: log },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  groups.add(child.pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    let isStuck = false;
    const endTrying = (by) => {
      isStuck = true;
      appendFileSync(log, `${JSON.stringify({ id: readFileSync(`${log}.trying`, "utf8"), by })}\n`);
      rmSync(`${log}.trying`);
    };
    const watchdog = setInterval(() => {
      if (!isSilent(log)) return;
      endTrying("silence");
      endGroup(child.pid);
    }, 2_000);
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(watchdog);
      endGroup(child.pid);
      // A mutant that takes all the memory ends the process that tries it.
      if (existsSync(`${log}.trying`)) endTrying("a crash");
      if (code === 0 || isStuck) resolve(isStuck);
      else reject(new Error(`the tests fail without any mutant:\n${output.slice(-4000)}`));
    });
  });
}

async function runShard(choice, log) {
  while (await runOnce(choice, log)) continue;
}

const note = "tools/mutation/surviving-mutants.md";

/** Survivors that nothing can kill, with the reason: each a line of code in the note, under a heading that says why. */
function explained() {
  return new Set([...readFileSync(join(root, note), "utf8").matchAll(/^- (`+) ?(.+?) ?\1$/gm)].map(([, , id]) => id));
}

/** What the shards have written down: which mutants some test reached, which ones died, and which tests fail by themselves. */
function readLogs(directory) {
  const [reached, killed, broken] = [new Set(), new Set(), []];
  for (const name of readdirSync(directory)) {
    for (const line of readFileSync(join(directory, name), "utf8").split("\n").filter(Boolean)) {
      const { id, by, broken: test, why, done } = JSON.parse(line);
      if (test !== undefined) broken.push(`without any mutant the test "${test}" fails, so it kills none: ${why}`);
      if (done !== undefined || test !== undefined) continue;
      reached.add(id);
      if (by !== undefined) killed.add(id);
    }
  }
  return { reached, killed, broken };
}

function allMutants(choice) {
  const { isMutated, sourceFolders } = scopeOf(choice);
  const files = sourceFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))),
  );
  return files.filter(isMutated).flatMap((file) => mutantsOf(file, readFileSync(join(root, file), "utf8"), choice));
}

/** Lines of the note that explain a mutant which the code no longer has. */
export function staleExplanations() {
  const ids = new Set();
  for (const scope of Object.keys(scopes))
    for (const strict of [false, true])
      for (const { id } of allMutants({ scope, seed: "1", every: 1, strict, only: [""], tests: [""], shard: 0, shards: 1 })) ids.add(id);
  return [...explained()].filter((id) => !ids.has(id));
}

/** Prints the score, each survivor without an explanation, and each explained mutant that dies; false when it is below the goal. */
export async function score({ scope, every, seed, strict, goal, only, tests }) {
  const directory = mkdtempSync(join(tmpdir(), "mutation-"));
  const shards = Math.min(availableParallelism(), 4);
  const began = performance.now();
  try {
    const choices = Array.from({ length: shards }, (_, shard) => ({ scope, seed, every, strict, only, tests, shard, shards }));
    await Promise.all(choices.map((choice) => runShard(choice, join(directory, `${choice.shard}.jsonl`))));
    const { reached, killed, broken } = readLogs(directory);
    const mutants = allMutants({ scope, seed, every, strict, only, tests, shard: 0, shards: 1 });
    const reasons = explained();
    const survivors = mutants.filter(({ id }) => !killed.has(id));
    const strange = survivors.filter(({ id }) => !reasons.has(id));
    for (const { id } of mutants) if (reasons.has(id) && killed.has(id)) console.log(`explained, but a test kills it: ${id}`);
    for (const { id, line } of strange) console.log(`${reached.has(id) ? "survives" : "no test reaches"} (line ${line}): ${id}`);
    const equivalent = survivors.length - strange.length;
    const percent = (100 * killed.size) / (mutants.length - equivalent);
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(
      `mutation score of ${scope}: ${percent.toFixed(1)} % (${killed.size} of ${mutants.length} mutants are killed, ` +
        `${equivalent} change nothing as ${note} explains, ${strange.length} survive; ${seconds} s, one in ${every}, seed ${seed})`,
    );
    if (percent < goal) console.log(`that is below ${goal} %`);
    for (const warning of broken) console.log(warning);
    return percent >= goal && broken.length === 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
