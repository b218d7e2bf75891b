import { dirname } from "node:path";
import { offLines } from "../config/off.ts";
import { accessSync, constants, existsSync } from "node:fs";
import type { JudgingOptions } from "../config/settings.ts";
import type { OutputOptions, Run } from "../context.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { prepareToLook } from "../prepare.ts";
import { runningSweep } from "../record.ts";
import { screenFor } from "../screen.ts";
import { belowHome } from "../config/paths.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { readLastRun } from "../../host/state/last-run.ts";
import { lookAtRunLock } from "../../host/state/run-lock.ts";
import { existing } from "../../host/files/writability.ts";
import { formatError, look } from "../../host/observed.ts";
import { tombstoneBytes, tombstoneLimits, tombstonesIn } from "../../host/state/tombstones.ts";
import { foreignPlaceProblem, stateDirectoryProblem, tryStateDirectory } from "../../host/state/state-directory.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { guardsText } from "../../report/guards-text.ts";
import { isConcern, worstPosture } from "../../report/guards.ts";
import type { Guard } from "../../report/model/guards.ts";
import { isLastRun } from "../../report/last-run.ts";
import type { LastRun } from "../../report/model/last-run.ts";
import { roomGuard, runGuards, stuckSweep } from "../../report/run-guards.ts";
import { blindWords, lockGuards, sweepGuards } from "../../report/sweep-guards.ts";
import type { Target } from "../../sweep/load/target.ts";
import { dryRun } from "../../sweep/sweep.ts";
import { asTheUnit, environmentGuards, unitEnvironment } from "../../systemd/status/unit-environment.ts";
import { ownName } from "../../systemd/manage/account.ts";
import type { Scope } from "../../systemd/manage/manager.ts";
import { accessGuards } from "../../systemd/status/access-guards.ts";
import { timerStatus } from "../../systemd/status/status.ts";
import { signalGuards, swapGuards } from "../guards/hands.ts";
import { accountOf, scopeFrom } from "../scope.ts";
import { doctorAs } from "./doctor-as.ts";

type DoctorOptions = JudgingOptions & OutputOptions & { readonly exitCode?: boolean; readonly system?: string };

/** Who holds the lock is looked at, not tried: a sweep that begins in this moment must not be turned away. */
async function lockGuard(stateDir: string, running: LastRun | undefined, nowMs: number): Promise<Guard> {
  const about = { guard: "run-lock", name: stateDir, posture: "on", cause: "fine", cure: null } as const;
  if (!existsSync(stateDir)) return { ...about, detail: "it is free" };
  const problem = stateDirectoryProblem(stateDir);
  if (problem !== undefined) {
    const detail = `no sweep uses it: ${problem}`;
    const repair = problem.includes("chmod") ? `chmod go-w ${stateDir}` : `sudo chown -R ${ownName()} ${stateDir}`;
    return { ...about, posture: "off", cause: "state-untrusted", detail, cure: `${repair}, or set SESSREAP_STATE_DIR` };
  }
  let looked;
  try {
    looked = await lookAtRunLock(stateDir);
  } catch (error) {
    const cure = "let this user read and write there, or set SESSREAP_STATE_DIR";
    return { ...about, posture: "off", cause: "state-unwritable", detail: `it cannot be looked at: ${formatError(error)}`, cure };
  }
  const { held, listener } = looked;
  const { pid, uid, argv } = listener ?? {};
  const who = pid === undefined ? "a process that cannot be seen from here" : `pid ${pid} of user ${uid} (${(argv ?? []).join(" ")})`;
  const isOurs = listener !== undefined && uid === process.getuid?.();
  if (!held && !isOurs) {
    const sitter = listener === undefined ? "" : `; ${who} sits on the name that version 0.1.0 used, which keeps out no sweep of this one`;
    return { ...about, detail: `it is free${sitter}` };
  }
  if (running !== undefined) {
    const stuck = stuckSweep(running, nowMs);
    return stuck === undefined ? { ...about, detail: "a sweep is running" } : { ...about, posture: "off", cause: "stuck", ...stuck };
  }
  const holder = isOurs || pid === undefined ? who : "a process that cannot be seen from here";
  return { ...about, cause: "lock-held", detail: `${holder} holds it: a restore, or a sweep that just began` };
}

/** Whether anything can be kept: a file is written and removed. A directory that is not there yet is made by the first sweep. */
function stateGuard(stateDir: string): Guard {
  const about = { guard: "state", name: stateDir } as const;
  const tried = look("the directory", () => {
    const foreign = foreignPlaceProblem(stateDir);
    if (foreign !== undefined) throw new Error(foreign);
    if (existsSync(stateDir)) tryStateDirectory(stateDir);
    else accessSync(existing(stateDir), constants.W_OK | constants.X_OK);
  });
  if (tried.seen) return { ...about, posture: "on", cause: "fine", detail: "it can be written", cure: null };
  const cure = "make room there and let this user write, or set SESSREAP_STATE_DIR";
  return { ...about, posture: "off", cause: "state-unwritable", detail: `no sweep can keep anything: ${tried.why}`, cure };
}

/** Tombstones that cannot even be counted are the state directory's trouble, which its own guard tells. */
function tombstoneGuards({ store }: LookingHost, stateDir: string): readonly Guard[] {
  const { roomlessSinceMs } = store.loadMemory().memory;
  const directory = tombstonesIn(stateDir);
  const used = look(directory, () => tombstoneBytes(stateDir));
  return used.seen ? [roomGuard({ directory, bytes: used.value, limit: tombstoneLimits.bytes, roomlessSinceMs })] : [];
}

/** Servers that the user configured, and servers that were found by themselves. */
async function serverGuards(host: LookingHost, targets: readonly Target[]): Promise<readonly Guard[]> {
  const servers = new Map(targets.flatMap(({ appServers }) => appServers.map((server) => [server.url, server] as const)));
  const guards = [...servers.values()].map(async ({ url, connectTo, configured }): Promise<readonly Guard[]> => {
    const observation = await host.askAppServer({ url, connectTo, ids: [], users: new Set([host.self().uid]) });
    const about = { guard: "app-server", name: url } as const;
    switch (observation.kind) {
      case "answered":
        return [{ ...about, posture: "on", cause: "fine", detail: `it answers, with ${observation.loaded.size} threads`, cure: null }];
      case "refused": {
        if (configured && !observation.network.seen) {
          const { why } = observation.network;
          return [{ ...about, posture: "blind", cause: "foreign-network", detail: why, cure: blindWords["foreign-network"].cure }];
        }
        const detail = "nobody listens there, so threads that only showed there count as gone";
        return configured ? [{ ...about, posture: "on", cause: "app-server-down", detail, cure: null }] : [];
      }
      case "unanswered":
        return [
          {
            ...about,
            posture: "blind",
            cause: "app-server-unreachable",
            detail: `it gives no answer: ${observation.why}`,
            cure: configured ? 'restart it, or correct "appServers" in the configuration (sessreap config)' : "restart it",
          },
        ];
    }
  });
  return (await Promise.all(guards)).flat();
}

export const runDoctor: Run<DoctorOptions> = async (invocation) => {
  const { options, env: shell, stdout } = invocation;
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const asked = scopeFrom(options);
  if (asked.kind === "system") {
    const account = await accountOf(asked.user);
    if (account.uid !== process.getuid?.()) return doctorAs(account, asked, invocation);
  }
  const scopes: readonly Scope[] = asked.kind === "system" ? [asked] : [asked, { kind: "system", user: ownName() }];
  const hasSystemd = existsSync("/run/systemd/system");
  // What sweeps by itself is what matters, so all is judged as the unit sees it.
  const unit = hasSystemd ? await unitEnvironment(scopes, shell) : undefined;
  const env = asTheUnit(shell, unit);
  const { host, settings, collisions, examine } = await prepareToLook({ ...invocation, env });
  const stateDir = settings.stateDir.value;
  const nowMs = Date.now();
  const run = readLastRun(stateDir, isLastRun);
  const running = runningSweep(run);
  const named = new Set(examine.targets.filter((target) => target.named).map(({ path }) => path));
  const written = examine.targets.map(({ path, format }) => (format.layout === "files" ? path : dirname(path)));
  const [timers, access, swept, servers] = await Promise.all([
    timerStatus(scopes, shell, nowMs, run),
    hasSystemd ? accessGuards(scopes, [stateDir, ...written]) : [],
    dryRun(host, { ...examine, command: "doctor", lookAnyway: true, stop: { signal: undefined }, failOnGhosts: false }),
    serverGuards(host, examine.targets),
  ]);
  const runs = runGuards({ run, isRunning: running !== undefined, nowMs, periodMs: timers.periodMs });
  const guards = [
    ...timers.guards,
    ...access,
    ...environmentGuards(shell, unit),
    ...runs,
    await lockGuard(stateDir, running, nowMs),
    stateGuard(stateDir),
    ...tombstoneGuards(host, stateDir),
    ...sweepGuards(swept, named),
    ...collisions.map((detail): Guard => {
      return { guard: "registry", name: "declared more than once", posture: "on", cause: "fine", detail, cure: null };
    }),
    ...offLines(settings, env).map((detail): Guard => {
      return { guard: "registry", name: "well-known places", posture: "on", cause: "fine", detail, cure: null };
    }),
    ...swapGuards(examine.targets),
    ...lockGuards([...swept.entries]),
    ...signalGuards(),
    ...servers,
  ];
  const concerns = guards.filter(isConcern).length;
  const exitCode = options.exitCode === true && concerns > 0 ? exitCodes.found : exitCodes.done;
  const posture = worstPosture(guards);
  if (options.json === true) {
    await writeDocument(stdout, { command: "doctor", posture, concerns, guards, lastRun: run ?? null, exitCode });
    return exitCode;
  }
  const verbose = options.verbose === true;
  const standing = { guards, run, nowMs, periodMs: timers.periodMs, shown: belowHome, verbose };
  await writeLines(stdout, guardsText(standing, await screenFor(stdout, shell), palette));
  return exitCode;
};
