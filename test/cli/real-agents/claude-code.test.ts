import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { handOver, install, startClaude, version } from "./claude-code.ts";
import { by, leaveOut, makeOld, triedScratch, sweepReport } from "../harness.ts";
import { idle, startTicksOf, until } from "../../processes.ts";

const look = (file: string) => {
  const { ino, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return { ino, mtimeNs, ctimeNs, bytes: readFileSync(file, "utf8") };
};

/** Waits until Claude has written nothing for a moment: what changes after that, somebody else has changed. */
async function quietEntry(file: string): Promise<ReturnType<typeof look>> {
  let [last, still] = [look(file), 0];
  await until("Claude Code rests", () => {
    const now = look(file);
    still = now.mtimeNs === last.mtimeNs ? still + 1 : 0;
    last = now;
    return still >= 300;
  });
  return last;
}

test(`Claude Code ${version} itself: live while it runs, its file untouched; a ghost when it was killed, or its pid is another's`, async ({
  skip,
}) => {
  const installed = install();
  if ("why" in installed) {
    leaveOut("the real Claude Code", installed.why);
    skip();
    return;
  }
  const scratch = triedScratch();
  const { pid, file } = await startClaude(scratch, installed.path);
  const claimed = JSON.parse(readFileSync(file, "utf8")) as {
    readonly pid: number;
    readonly procStart: string;
    readonly sessionId: string;
  };
  expect([claimed.pid, claimed.procStart]).toEqual([pid, startTicksOf(pid)]);

  const before = await quietEntry(file);
  const sweep = async () =>
    by(await sweepReport(scratch, ["--registry", "claude-sessions", "--grace", "0", "--now"]), "sessionId", "verdict", "reason", "action");
  const names = () => readdirSync(dirname(file));
  const key = names().find((name) => name.startsWith(`${pid}.`) && name.endsWith(".key")) ?? "none";
  expect(await sweep()).toEqual({
    [`${pid}.json`]: `${claimed.sessionId} live pid-alive kept`,
    [key]: "null live pid-alive kept",
  });
  expect(look(file)).toEqual(before);

  process.kill(pid, "SIGKILL");
  await until("Claude Code is gone", () => !existsSync(`/proc/${pid}`));
  expect(existsSync(file)).toBe(true);
  expect(by(await sweepReport(scratch, ["list", "--registry", "claude-sessions", "--grace", "0"]), "verdict", "reason")).toEqual({
    [`${pid}.json`]: "ghost pid-gone",
    [key]: "ghost pid-gone",
  });
  for (const name of names()) makeOld(join(dirname(file), name));
  expect(await sweep()).toEqual({
    [`${pid}.json`]: `${claimed.sessionId} ghost pid-gone reaped`,
    [key]: "null ghost pid-gone reaped",
  });
  expect(names()).toEqual([]);
  await sweepReport(scratch, ["restore", `${pid}.json`]);
  expect(readFileSync(file, "utf8")).toBe(before.bytes);

  const taker = await idle();
  const taken = handOver(file, taker.pid);
  expect(await sweep()).toEqual({ [`${taker.pid}.json`]: `${claimed.sessionId} ghost pid-reused reaped` });
  expect(existsSync(taken)).toBe(false);
  expect(names()).toEqual([]);
}, 180_000);
