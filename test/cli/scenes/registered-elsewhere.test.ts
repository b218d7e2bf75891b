import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, newScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { idle, stop, type Running } from "../../processes.ts";

const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };

/** A Claude whose arguments name no session, with the record that it writes of itself. */
async function claudeOf({ env }: Scratch, sessionId: string, more: object = {}): Promise<Running> {
  const claude = await idle({ argv0: "claude" });
  const { pid, startTicks } = claude;
  const sessions = join(env["HOME"] as string, ".claude", "sessions");
  mkdirSync(sessions, { recursive: true });
  writeOld(
    join(sessions, `${pid}.json`),
    JSON.stringify({ pid, sessionId, procStart: startTicks, startedAt: Date.now() - 86_400_000, ...more }),
  );
  return claude;
}

/** A bridge's row of a session, silent for longer than the TTL, in the only registry that is judged. */
function bridgeRow(scratch: Scratch, id: string): void {
  const path = writeOld(join(scratch.dir, "bridge.json"), JSON.stringify({ mars: { threadId: id, registeredAt: daysAgo(9) } }));
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path, appServers: ["ws://127.0.0.1:1"] }] });
}

const fateOf = async (scratch: Scratch) => by(await sweepReport(scratch, []), "verdict", "reason", "action")["mars"];

test("a bridge's row of the session that Claude's own record proves alive is live, though only the bridge is judged", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const claude = await claudeOf(scratch, id);
  bridgeRow(scratch, id);
  expect(await fateOf(scratch)).toBe("live registered-alive kept");
  await stop(claude);
  expect(await fateOf(scratch)).toBe("ghost app-server-down pending");
});

test("a record without a start leaves a doubt", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  await claudeOf(scratch, id, { procStart: undefined });
  bridgeRow(scratch, id);
  expect(await fateOf(scratch)).toBe("undecided registered-alive kept");
});

test("a job of a declared registry is live by Claude's own record, and a dead row goes beside a live one of its session", async () => {
  const scratch = newScratch();
  const [id, other] = [randomUUID(), randomUUID()];
  const claude = await claudeOf(scratch, id);
  const gone = await idle();
  await stop(gone);
  const row = { id: other, pid: gone.pid, start: gone.startTicks, since: daysAgo(1) };
  const path = writeOld(
    join(scratch.dir, "jobs.json"),
    JSON.stringify({
      mars: { id, since: daysAgo(9) },
      moved: { ...row, id, pid: gone.pid },
      "one that is gone": row,
      "one that took it up": { ...row, pid: claude.pid, start: claude.startTicks },
    }),
  );
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({
    mars: "registered-alive kept",
    moved: "registered-alive kept",
    "one that is gone": "pid-gone reaped",
    "one that took it up": "pid-alive kept",
  });
});
