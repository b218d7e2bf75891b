// Runs each test once as it is, then once more for every mutant that it reached and that nobody has killed yet.
import { setMaxListeners } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { collectTests, getFn, getHooks } from "@vitest/runner";
import { TestRunner } from "vitest";

const { SESSREAP_MUTATION_LOG: log } = process.env;
/** Turns of all loops of one run, beyond which a mutant counts as endless: so many times what the test takes unbroken. */
const patience = 20;
const leastTurns = 200_000;

// Every run of a test adds one to its signal.
setMaxListeners(0);

const reached = new Set();
const noted = new Set();
const dead = new Set(
  existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .filter(({ by }) => by !== undefined)
        .map(({ id }) => id)
    : [],
);
/** A mutant can leave us another user, who may write no log. */
const [user, group] = [process.geteuid(), process.getegid()];
function beOurselves() {
  if (process.geteuid() !== user) process.seteuid(user);
  if (process.getegid() !== group) process.setegid(group);
}

let awake;
let turns = 0;
let limit = Infinity;

globalThis.$m = (id) => {
  reached.add(id);
  return awake === id;
};
globalThis.$t = () => {
  turns += 1;
  if (turns > limit) throw new Error("this mutant goes round for ever");
};

const write = (entry) => appendFileSync(log, `${JSON.stringify(entry)}\n`);

function noteReached(ids) {
  for (const id of ids) if (noted.size < noted.add(id).size && !dead.has(id)) write({ id });
}

function suitesOf(test) {
  const suites = [];
  for (let suite = test.suite; suite !== undefined; suite = suite.suite) suites.push(suite);
  return suites.includes(test.file) ? suites : [...suites, test.file];
}

/** One more run of a test, between the hooks that a run of its own would have. Throws when it fails. */
async function once(test) {
  const suites = suitesOf(test);
  const cleanups = [];
  for (const suite of suites.toReversed()) {
    for (const hook of getHooks(suite).beforeEach) cleanups.push(await hook(test.context, suite));
  }
  try {
    await getFn(test)();
  } finally {
    for (const suite of suites) for (const hook of getHooks(suite).afterEach.toReversed()) await hook(test.context, suite);
    for (const cleanup of cleanups.toReversed()) if (typeof cleanup === "function") await cleanup(test.context);
  }
}

async function fails(id, run) {
  // Who watches this run ends it when it does not come back.
  writeFileSync(`${log}.trying`, id);
  [awake, turns] = [id, 0];
  try {
    await run();
    return false;
  } catch {
    return true;
  } finally {
    awake = undefined;
    beOurselves();
    rmSync(`${log}.trying`);
  }
}

function kill(id, by) {
  dead.add(id);
  write({ id, by });
}

const testsOf = (task) =>
  task.type === "suite" ? task.tasks.flatMap(testsOf) : task.mode === "skip" || task.mode === "todo" ? [] : [task];

export default class MutationRunner extends TestRunner {
  /** Mutants that were reached while the file was loaded: only loading it again can wake them. */
  loaded = new Set();
  again = false;

  onCollected(files) {
    super.onCollected?.(files);
    if (this.again) return;
    for (const id of reached) this.loaded.add(id);
    reached.clear();
  }

  /** Tests that a mutant has spoilt by changing what the tests of their file share. */
  spoilt = [];

  async runTask(test) {
    reached.clear();
    [turns, limit] = [0, Infinity];
    try {
      await getFn(test)();
    } catch {
      this.spoilt.push(testsOf(test.file).indexOf(test));
      return;
    }
    const left = this.leftOf(turns);
    if (left.length > 0)
      for (const suite of suitesOf(test)) for (const hook of getHooks(suite).afterEach.toReversed()) await hook(test.context, suite);
    await this.tryAll(test, left);
  }

  leftOf(turnsTaken) {
    limit = Math.max(leastTurns, turnsTaken * patience);
    const mine = [...reached];
    noteReached(mine);
    return mine.filter((id) => !dead.has(id));
  }

  async tryAll(test, ids) {
    for (const id of ids) if (await fails(id, () => once(test))) kill(id, test.fullTestName ?? test.name);
  }

  async onAfterRunSuite(suite) {
    await super.onAfterRunSuite(suite);
    if (this.again || !("filepath" in suite)) return;
    this.again = true;
    for (const index of this.spoilt) await this.runAnew(suite, index);
    for (const id of this.loaded) {
      noteReached([id]);
      if (!dead.has(id) && (await fails(id, () => this.rerun(suite)))) kill(id, suite.name);
    }
    // Where a later file ends the process, this one need not be run again.
    write({ done: suite.name });
  }

  /** The same test of the file loaded anew: it must pass. */
  async runAnew(suite, index) {
    const [file] = await this.load(suite);
    const test = testsOf(file)[index];
    reached.clear();
    [turns, limit] = [0, Infinity];
    try {
      await once(test);
    } catch (error) {
      write({ broken: test?.fullTestName ?? `${suite.name} ${index}`, why: String(error) });
      return;
    }
    await this.tryAll(test, this.leftOf(turns));
  }

  /** Loads a test file, and with it all that it imports of ours, as if for the first time. */
  load({ filepath }) {
    for (const [id, node] of this.workerState.evaluatedModules.idToModuleMap) {
      if (!id.includes("/node_modules/")) Object.assign(node, { evaluated: false, promise: undefined, exports: undefined });
    }
    return collectTests([{ filepath, testLocations: undefined, testNamePattern: undefined, testIds: undefined }], this);
  }

  async rerun(file) {
    for (const one of await this.load(file)) {
      if (one.result?.state === "fail") throw new Error("it cannot be loaded");
      for (const test of testsOf(one)) await once(test);
    }
  }
}
