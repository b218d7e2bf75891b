import { seen, unseen } from "../../src/core/evidence.ts";
import type { ProcessRow } from "../../src/core/agents/process-tree.ts";
import type { Host } from "../../src/host/host.ts";
import type { Identity, SentSignal } from "../../src/host/programs/signals.ts";
import type { Machine, Process } from "./machine.ts";
import { shownIn, type Shown } from "./simulated-probe.ts";
import type { Blindness, Interference } from "./simulated-host.ts";

type OwnersHost = Pick<
  Host,
  | "self"
  | "lookAtTree"
  | "programOf"
  | "detailsOf"
  | "processState"
  | "signalExactly"
  | "takeSessionLock"
  | "runCommand"
  | "markedProcesses"
>;

/** What `owners` and `exec` see of the machine's processes and do to them, where `self` is their own process. */
export function ownersOf(machine: Machine, self: Process, blindness: ReadonlySet<Blindness>, interference: Interference): OwnersHost {
  const shownNow = (): readonly Shown[] => shownIn(machine, self.namespace);

  const numberOf = (process: Process | undefined): number =>
    machine.isRunning(process) ? (shownNow().find((one) => one.process === process)?.pid ?? 1) : 1;

  const rowOf = ({ pid, process }: Shown): ProcessRow => {
    const { startTicks, uid, argv, parent, kernelSession, terminal = 0 } = process;
    return { pid, parentPid: numberOf(parent), kernelSession, terminal, startTicks, uid, state: "S", argv };
  };

  /** The kernel's part: a pidfd is held by the process that had the pid when it was opened, and its start is compared. */
  const find = ({ pid, startTicks }: Pick<Identity, "pid" | "startTicks">): Process | undefined =>
    shownNow().find((one) => one.pid === pid && one.process.startTicks === startTicks)?.process;

  const sendTo = (identity: Identity, signals: readonly NodeJS.Signals[]): SentSignal => {
    const process = find(identity);
    if (process !== undefined && process.uid !== self.uid) return { via: "pidfd", problem: `pid ${identity.pid} is another user's` };
    for (const signal of signals) if (machine.isRunning(process)) interference.signalled(process, signal);
    return { via: "pidfd", problem: undefined };
  };

  return {
    self: () => ({ pid: self.pid, uid: self.uid, ancestors: new Set(machine.lineOf(self).map(({ pid }) => pid)) }),
    lookAtTree: () => {
      if (blindness.has("processes")) return unseen("the simulation hides it");
      const isHiding = blindness.has("some-processes");
      const shown = shownNow().filter(() => !isHiding || machine.chance.oneIn(2));
      const tree = new Map(shown.map((one) => [one.pid, rowOf(one)] as const));
      return seen({ tree, complete: isHiding ? unseen("the simulation hides some") : seen(true) });
    },
    programOf: (identity, target) => {
      const process = find(identity);
      if (process === undefined) return unseen("it has ended");
      const path = process.exe;
      return seen({
        exe: { path, file: path },
        script: target === undefined ? undefined : { path: target, file: target },
        locked: seen(process.open.filter((one) => one.endsWith(".lock"))),
      });
    },
    detailsOf: ({ startTicks }, bootMs) => ({
      cwd: undefined,
      terminal: undefined,
      memoryBytes: undefined,
      ageMs: bootMs === undefined ? undefined : bootMs - Number(startTicks) * 10,
    }),
    processState: (identity) => {
      const process = find(identity);
      return process === undefined ? { kind: "gone" } : { kind: "running", parentPid: numberOf(process.parent) };
    },
    signalExactly: (identities, signals, staying) => {
      interference.beforeSignals();
      if (staying.some((identity) => find(identity) === undefined))
        return identities.map(() => ({ via: "pidfd", problem: undefined, spared: true }));
      return identities.map((identity) => sendTo(identity, signals));
    },
    takeSessionLock: (session) => {
      const key = `${self.uid} ${session}`;
      const taken = machine.sessionLocks.get(key);
      if (taken !== undefined) return Promise.resolve({ kind: "taken", by: { pid: taken.holder.pid, command: taken.command } });
      const mine: { readonly holder: Process; command: number | undefined } = { holder: self, command: undefined };
      machine.sessionLocks.set(key, mine);
      const release = (): void => void (machine.sessionLocks.get(key) === mine && machine.sessionLocks.delete(key));
      return Promise.resolve({ kind: "held", lock: { announce: (pid) => void (mine.command = pid), release } });
    },
    runCommand: async (command, _env, onStart) => {
      const process = machine.spawn(command, self.namespace, { parent: self, uid: self.uid, kernelSession: self.kernelSession });
      const end = machine.ended(process);
      onStart(numberOf(process));
      await end;
      return { exitCode: 0, problem: undefined };
    },
    markedProcesses: () => {
      const isMarked = (process: Process): boolean => process.parent !== undefined && (process.parent === self || isMarked(process.parent));
      return new Set(shownNow().flatMap(({ pid, process }) => (process.uid === self.uid && isMarked(process) ? [pid] : [])));
    },
  };
}
