import * as fc from "fast-check";
import { expect, test } from "vitest";
import { defaultPolicy } from "../../src/core/policy.ts";
import type { Host } from "../../src/host/host.ts";
import { conflictChoices, enter, type Admission, type ConflictChoice } from "../../src/ownership/admission.ts";
import { chanceFrom } from "./chance.ts";
import { hostNamespace, Machine, type Process } from "./machine.ts";
import { Killed, nobody, simulatedHost, State } from "./simulated-host.ts";

/** More races for a night: `SESSREAP_ADMISSION_RACES=20000 npx vitest run --project sim`. A failure prints its seed. */
const races = Number(process.env["SESSREAP_ADMISSION_RACES"] ?? 1000);

const session = "019d0000-3333-7000-8000-000000000001";
const question = { targets: [], witnesses: [], policy: defaultPolicy };

type Launcher = {
  readonly choice: ConflictChoice;
  /** The arguments of its command name the session, as those of an agent do; else only the launcher's lock tells of it. */
  readonly isNamed: boolean;
  /** When it is killed. Its command is left then, and only arguments that name the session can tell. */
  readonly killed: "never" | "sometime" | "at-start";
  /** The agent that was there before has started it. */
  readonly isNested: boolean;
};

/** What takes the session's lock: the machine, or a host that gives it to all of them. */
type Locking = (host: Host) => Host["takeSessionLock"];
const kernel: Locking = (host) => host.takeSessionLock;
const noLock: Locking = () => () => Promise.resolve({ kind: "held", lock: { announce: () => undefined, release: () => undefined } });

type Answer = Admission["kind"] | "killed";

/** Launchers of one session that start at once. The scheduler decides in which order they ask, look, wait, start and end. */
class Race {
  readonly machine: Machine;
  /** Two that run the session at once, and signals to what does not run it. */
  readonly wrong: string[] = [];
  private readonly scheduler: fc.Scheduler;
  private readonly locking: Locking;
  /** What was there before any launcher. */
  private readonly agent: Process | undefined;
  /** Commands, and the launcher that tells of each; undefined for those that name the session themselves. */
  private readonly commands = new Map<Process, Process | undefined>();
  private readonly expected: number;
  /** Commands end when every launcher has its answer, not at any time. */
  private readonly stays: boolean;
  private answered = 0;

  constructor(scheduler: fc.Scheduler, expected: number, { seed = 1, agent = false, stays = false, locking = kernel } = {}) {
    this.machine = new Machine(chanceFrom(seed));
    this.scheduler = scheduler;
    this.locking = locking;
    this.expected = expected;
    this.stays = stays;
    this.agent = agent ? this.machine.spawn(["codex", "resume", session]) : undefined;
    if (this.agent !== undefined) this.commands.set(this.agent, undefined);
  }

  /** What runs the session now and can be told to do so. */
  private running(): readonly Process[] {
    const isKnown = ([command, launcher]: readonly [Process, Process | undefined]): boolean =>
      this.machine.isRunning(command) && (launcher === undefined || this.machine.isRunning(launcher));
    return [...this.commands].filter(isKnown).map(([command]) => command);
  }

  private async later(what: string): Promise<void> {
    await this.scheduler.schedule(Promise.resolve(), what);
  }

  /** The host of one launcher, on which every call that takes time lets the others run. */
  private hostOf(self: Process): Host {
    const signalled = (process: Process, signal: NodeJS.Signals): void => {
      if (!this.commands.has(process)) this.wrong.push(`${signal} to pid ${process.pid}, ${process.argv.join(" ")}`);
      if (signal !== "SIGCONT") this.machine.kill(process);
    };
    const host = simulatedHost(this.machine, new State(), new Set(), { ...nobody, signalled }, self);
    const take = this.locking(host);
    const survive = async (what: string): Promise<void> => {
      await this.later(`${self.pid} ${what}`);
      if (!this.machine.isRunning(self)) throw new Killed(what);
    };
    const turn = async <T>(what: string, act: () => T | Promise<T>): Promise<T> => {
      await survive(`asks for ${what}`);
      const answer = await act();
      await survive(`hears of ${what}`);
      return answer;
    };
    return {
      ...host,
      takeSessionLock: (name) => turn("lock", () => take(name)),
      lookAtProcesses: (given) => turn("look", () => host.lookAtProcesses(given)),
      sleep: (ms) => turn("wait", () => this.machine.advance(ms)),
      runCommand: (...given) => turn("command", () => host.runCommand(...given)),
    };
  }

  private onStart(pid: number, self: Process, { isNamed, killed }: Launcher): void {
    const command = this.machine.processes.get(pid) as Process;
    const above = this.machine.lineOf(self);
    const others = this.running().filter((other) => !above.includes(other));
    if (others.length > 0) this.wrong.push(`pid ${pid} starts while ${others.map((other) => other.pid).join()} runs`);
    this.commands.set(command, isNamed ? undefined : self);
    if (this.stays) this.endWhenAllAreAnswered();
    else void this.later(`${pid} ends`).then(() => this.end(command));
    if (killed === "at-start") this.machine.kill(self);
  }

  /** A command ends by itself, and another program may get its pid before its launcher has noticed. */
  private end(command: Process): void {
    if (!this.machine.isRunning(command)) return;
    this.machine.kill(command);
    if (this.machine.chance.oneIn(2) && !this.machine.isTaken(command.pid))
      this.machine.spawn(["vim", "notes.txt"], hostNamespace, { pid: command.pid });
  }

  private endWhenAllAreAnswered(): void {
    if (this.answered === this.expected) for (const command of this.commands.keys()) this.machine.kill(command);
  }

  /** What `exec` does: it is let in, runs its command, and frees the session. */
  async launch(launcher: Launcher): Promise<Answer> {
    const { choice, isNamed, killed, isNested } = launcher;
    const self = this.machine.spawn(["sessreap", "exec"], hostNamespace, { parent: isNested ? this.agent : undefined });
    if (killed === "sometime") void this.later(`${self.pid} is killed`).then(() => this.machine.kill(self));
    const host = this.hostOf(self);
    try {
      const admission = await enter(host, question, session, choice, () => this.later(`${self.pid} says that it waits`));
      this.answered += 1;
      if (this.stays) this.endWhenAllAreAnswered();
      if (admission.kind === "admitted") {
        const { announce, release } = admission.lock;
        await host.runCommand(isNamed ? ["codex", "resume", session] : ["sleep", "600"], {}, (pid) => {
          announce(pid);
          this.onStart(pid, self, launcher);
        });
        release();
      }
      return admission.kind;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return "killed";
    } finally {
      this.machine.kill(self);
    }
  }

  async run(launchers: readonly Launcher[]): Promise<readonly Answer[]> {
    const all = Promise.all(launchers.map((launcher) => this.launch(launcher)));
    if (this.agent !== undefined && !this.stays) void this.later("the agent ends").then(() => this.machine.kill(this.agent));
    return this.scheduler.waitFor(all);
  }
}

const refusing: Launcher = { choice: "refuse", isNamed: false, killed: "never", isNested: false };

const anyLauncher: fc.Arbitrary<Launcher> = fc
  .record({
    choice: fc.constantFrom(...conflictChoices),
    isNamed: fc.boolean(),
    killed: fc.constantFrom("never" as const, "sometime" as const, "at-start" as const),
    isNested: fc.boolean(),
  })
  .map((launcher) => ({ ...launcher, killed: launcher.isNamed ? launcher.killed : "never" }));

const staying = (locking: Locking) =>
  fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, count) => {
    const race = new Race(scheduler, count, { stays: true, locking });
    const answers = await race.run(Array.from({ length: count }, () => refusing));
    expect(answers.toSorted()).toEqual(["admitted", ...Array.from({ length: count - 1 }, () => "busy")]);
  });

test(`of launchers that start at once exactly one is let in, in ${races} orders`, async () => {
  await fc.assert(staying(kernel), { numRuns: races });
}, 600_000);

test("where every launcher gets the lock, the same orders let two in", async () => {
  expect((await fc.check(staying(noLock), { numRuns: races })).failed).toBe(true);
}, 600_000);

test(`with any choices no two run the session at once, in ${races} orders`, async () => {
  const totals: Record<Answer, number> = { admitted: 0, busy: 0, "not-retired": 0, blind: 0, killed: 0 };
  const launchers = fc.array(anyLauncher, { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), launchers, fc.boolean(), fc.integer(), async (scheduler, given, agent, seed) => {
      const race = new Race(scheduler, given.length, { seed, agent });
      const answers = await race.run(given);
      expect(race.wrong).toEqual([]);
      for (const [index, { choice, killed }] of given.entries()) {
        const answer = answers[index] as Answer;
        const possible: readonly Answer[] = choice === "wait" ? ["admitted"] : ["admitted", "busy"];
        expect(killed === "never" ? possible : [...possible, "killed"]).toContain(answer);
        totals[answer] += 1;
      }
    }),
    { numRuns: races },
  );
  for (const answer of ["admitted", "busy", "killed"] as const) expect(totals[answer]).toBeGreaterThan(races / 20);
}, 600_000);
