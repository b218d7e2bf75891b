import { existsSync } from "node:fs";
import { readLastRun } from "../../host/last-run.ts";
import type { Host } from "../../host/host.ts";
import { readStat } from "../../host/proc-stat.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { isConcern, worstPosture, type Guard } from "../../report/guards.ts";
import type { LastRun } from "../../report/last-run.ts";
import { outputSchema } from "../../report/model.ts";
import type { Palette } from "../../report/palette.ts";
import { runGuards } from "../../report/run-guards.ts";
import { sweepGuards } from "../../report/sweep-guards.ts";
import { visible } from "../../report/visible.ts";
import { sweep } from "../../sweep/sweep.ts";
import type { Target } from "../../sweep/target.ts";
import { lookAtTimers } from "../../systemd/look.ts";
import type { OutputOptions, Run } from "../context.ts";
import { paletteFor, write, writeLines } from "../output.ts";
import { prepare } from "../prepare.ts";
import type { JudgingOptions } from "../settings.ts";

type DoctorOptions = JudgingOptions & OutputOptions & { readonly exitCode?: boolean };

function isRunning(run: LastRun | undefined): boolean {
  if (run === undefined || run.finished !== null) return false;
  try {
    return readStat(run.pid).startTicks === run.startTicks;
  } catch {
    return false;
  }
}

/** Nothing is written: a state directory that is not there is not made for a look at its lock. */
async function lockGuard(host: Host, stateDir: string, running: boolean): Promise<Guard> {
  const about = { guard: "run-lock", name: stateDir } as const;
  const lock = existsSync(stateDir) ? await host.store.takeRunLock() : { release: () => undefined };
  lock?.release();
  if (lock !== undefined) return { ...about, posture: "on", cause: "fine", detail: "it is free", cure: null };
  if (running) return { ...about, posture: "on", cause: "fine", detail: "a sweep is running", cure: null };
  const detail = "it is held, and not by a sweep that has said so: a restore, or a sweep that just began";
  return { ...about, posture: "on", cause: "lock-held", detail, cure: null };
}

/** Servers that somebody configured, and those that were found by themselves. */
async function serverGuards(host: Host, targets: readonly Target[]): Promise<readonly Guard[]> {
  const servers = new Map(targets.flatMap(({ appServers }) => appServers.map((server) => [server.url, server] as const)));
  const guards = [...servers.values()].map(async ({ url, connectTo, configured }): Promise<readonly Guard[]> => {
    const sight = await host.askAppServer({ url, connectTo, ids: [] });
    const about = { guard: "app-server", name: url } as const;
    switch (sight.kind) {
      case "answered":
        return [{ ...about, posture: "on", cause: "fine", detail: `it answers, with ${sight.loaded.size} threads`, cure: null }];
      case "refused": {
        const detail = "nobody listens there, so threads that only showed there count as gone";
        return configured ? [{ ...about, posture: "on", cause: "app-server-down", detail, cure: null }] : [];
      }
      case "unanswered":
        return [
          { ...about, posture: "blind", cause: "app-server-unreachable", detail: sight.why, cure: "restart it, or correct its address" },
        ];
    }
  });
  return (await Promise.all(guards)).flat();
}

function guardLines({ guard, name, posture, cause, detail, cure }: Guard, palette: Palette): readonly string[] {
  const style = posture === "on" ? (cure === null ? palette.live : palette.undecided) : palette.problem;
  const head = `${style(posture.padEnd(21))} ${palette.strong(`${guard} ${visible(name)}`)}: ${cause}: ${palette.faint(visible(detail))}`;
  return cure === null ? [head] : [head, `${"".padEnd(21)}   do: ${visible(cure)}`];
}

export const runDoctor: Run<DoctorOptions> = async (invocation) => {
  const { options, env, stdout } = invocation;
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, settings, examine } = await prepare(invocation);
  const stateDir = settings.stateDir.value;
  const nowMs = Date.now();
  const run = readLastRun(stateDir);
  const running = isRunning(run);
  const named = new Set(examine.targets.filter((target) => target.named).map(({ path }) => path));
  const [timers, swept, servers, lock] = await Promise.all([
    lookAtTimers(env, nowMs),
    sweep(host, { ...examine, command: "doctor", dryRun: true, lookAnyway: true, stop: { signal: undefined }, failOnGhosts: false }),
    serverGuards(host, examine.targets),
    lockGuard(host, stateDir, running),
  ]);
  const runs = runGuards({ run, isRunning: running, nowMs, periodMs: timers.periodMs });
  const guards = [...timers.guards, ...runs, lock, ...sweepGuards(swept, named), ...servers];
  const concerns = guards.filter(isConcern).length;
  const exitCode = options.exitCode === true && concerns > 0 ? exitCodes.found : exitCodes.done;
  const posture = worstPosture(guards);
  if (options.json === true) {
    const document = { schema: outputSchema, command: "doctor", posture, concerns, guards, lastRun: run ?? null, exitCode };
    await write(stdout, `${JSON.stringify(document)}\n`);
    return exitCode;
  }
  const count = `${guards.length} guards, ${concerns === 0 ? "all on" : `${concerns} to look after`}; posture: ${posture}`;
  await writeLines(stdout, [...guards.flatMap((guard) => guardLines(guard, palette)), "", count]);
  return exitCode;
};
