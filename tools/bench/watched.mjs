// What `sessreap watch` costs while nothing happens, and how soon the row of a holder goes that ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { writeTriedClock } from "../launches/tried-clock.mjs";
import { crowd, startTicksOf } from "./processes.mjs";
import { sessionId } from "./registries.mjs";

const ticksPerSecond = 100;

const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** CPU seconds of a process, of those that it has waited for, and of those that run below it. */
function cpuOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
  return childrenOf(pid).reduce((sum, child) => sum + cpuOf(child), own);
}

const peakOf = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

/** A registry of so many entries, of which the first name the pids of holders that run, and the others no pid. */
function writeRegistry(path, entries, holders) {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  // Beside the ids that the agents of the bench carry.
  const row = (number) => ({ id: sessionId(1_000_000 + number), since, ...holders[number] });
  const rows = Object.fromEntries(Array.from({ length: entries }, (_, number) => [`agent-${number}`, row(number)]));
  writeFileSync(`${path}.new`, JSON.stringify(rows, undefined, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const stateOf = (path) => {
  const { ino, mtimeMs, size } = statSync(path);
  return `${ino} ${mtimeMs} ${size}`;
};

/** Milliseconds from the end of a holder to the moment at which its row is out of the file; undefined after 20 s. */
async function untilRowGoes(path, number, pid) {
  let last = stateOf(path);
  const from = performance.now();
  process.kill(pid, "SIGKILL");
  for (; performance.now() - from < 20_000; await pause(5)) {
    // The file is read only when it has changed, for one that a reader has open is changed in another way.
    const now = stateOf(path);
    if (now === last) continue;
    last = now;
    if (!Object.hasOwn(JSON.parse(readFileSync(path, "utf8")), `agent-${number}`)) return performance.now() - from;
  }
  return undefined;
}

/**
 * Watches one registry for `seconds` in which nothing happens, then ends `ends` holders one after another. `idle` is the share
 * of one CPU, `peak` in bytes, `went` in ms, one a holder. Throws where a row stays or the row of a live holder goes.
 */
export async function watched({ argv, env }, { entries, holders, seconds, ends, path, config }) {
  const sleepers = await crowd(holders);
  const live = sleepers.children().map((pid) => ({ pid, start: startTicksOf(pid) }));
  writeRegistry(path, entries, live);
  const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };
  writeFileSync(config, JSON.stringify({ registries: [{ format: "keyed-json", path, fields, about: "session" }] }));
  writeTriedClock(env.SESSREAP_STATE_DIR);
  const watch = spawn(argv[0], [...argv.slice(1), "watch", "--config", config], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [watch.stdout, watch.stderr]) stream.on("data", (text) => (said += text));
  try {
    while (!said.includes("watching ")) {
      if (watch.exitCode !== null) throw new Error(`the watch ended: ${said}`);
      await pause(50);
    }
    await pause(10_000);
    const [before, from] = [cpuOf(watch.pid), performance.now()];
    await pause(seconds * 1000);
    const idle = (cpuOf(watch.pid) - before) / ((performance.now() - from) / 1000);
    const went = [];
    for (let number = 0; number < ends; number += 1) went.push(await untilRowGoes(path, number, live[number].pid));
    const left = Object.keys(JSON.parse(readFileSync(path, "utf8"))).length;
    if (went.includes(undefined) || left !== entries - ends)
      throw new Error(`${left} of ${entries} rows are left, ${ends} holders ended: ${said}`);
    return { idle, peak: peakOf(watch.pid), went: went.toSorted((a, b) => a - b) };
  } finally {
    watch.kill("SIGTERM");
    if (watch.exitCode === null) await once(watch, "exit");
    sleepers.stop();
  }
}
