// The memory of a last sweep that trusted the clock of this boot. Without it the TTL waits until sweeps have seen an hour pass.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes it into a state directory, which is made where it is missing; it is as old as this call. */
export function writeTriedClock(stateDir) {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const bootMs = Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000);
  const [wallMs, awakeMs] = [Date.now(), Math.round(Number(process.hrtime.bigint() / 1_000_000n))];
  const sleep = { bootId, ms: Math.max(0, bootMs - awakeMs), atMs: wallMs, sleeps: [] };
  const settling = { watchedMs: 0, settledAtMs: awakeMs };
  const memory = { schema: 1, bootId, wallMs, bootMs, awakeMs, traces: {}, answeredSinceMs: {}, restored: [], sleep, settling };
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(join(stateDir, "memory.json"), JSON.stringify(memory));
}
