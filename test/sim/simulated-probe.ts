import { agentOf, argvHas } from "../../src/core/agents/agents.ts";
import { seen, unseen, type AgentProcess, type InnerProcess, type Observed, type PidObservation } from "../../src/core/evidence.ts";
import type { Host } from "../../src/host/host.ts";
import type { ProcessAnswer, ProcessQuestion } from "../../src/host/processes/linux.ts";
import { hostname, hostNamespace, type Machine, type Process } from "./machine.ts";
import type { Blindness } from "./simulated-host.ts";

const dark = unseen("the simulation hides it");

type Probe = Pick<Host, "here" | "lookAtProcesses" | "startOfPid" | "livingPids" | "lookAtWriterLocks">;

/** A process as it is seen from inside a pid namespace: there it has another number. */
export type Shown = { readonly pid: number; readonly process: Process };

export function shownIn(machine: Machine, namespace: string): readonly Shown[] {
  return namespace === hostNamespace
    ? [...machine.processes.values()].map((process) => ({ pid: process.pid, process }))
    : machine.inNamespace(namespace).map((process) => ({ pid: process.innerPid ?? 0, process }));
}

function sightOf(process: Process | undefined, blindness: ReadonlySet<Blindness>): Observed<PidObservation> {
  if (blindness.has("pids")) return dark;
  if (process === undefined) return seen({ kind: "gone" });
  const names = blindness.has("names") ? dark : seen([process.argv[0] ?? ""]);
  return seen({ kind: "there", state: seen("S"), startTicks: seen(process.startTicks), ownTime: true, kernelThread: false, names });
}

function agentsAmong(shown: readonly Shown[]): readonly AgentProcess[] {
  return shown.flatMap(({ pid, process: { startTicks, argv, uid } }) => {
    const agent = agentOf(argv);
    if (agent === undefined) return [];
    return [{ pid, startTicks, argv, agent, parentPid: 1, kernelSession: pid, terminal: 0, uid }];
  });
}

function innerAmong(shown: readonly Shown[]): ReadonlyMap<number, readonly InnerProcess[]> {
  const inner = new Map<number, InnerProcess[]>();
  for (const { pid, process } of shown) {
    if (process.innerPid === undefined) continue;
    const found = { pid, startTicks: process.startTicks, ownTime: true, agent: agentOf(process.argv) !== undefined };
    inner.set(process.innerPid, [...(inner.get(process.innerPid) ?? []), found]);
  }
  return inner;
}

/** What a sweep sees of the machine's processes from the pid namespace in which its own process stands. */
export function probeOf(machine: Machine, self: Process, blindness: ReadonlySet<Blindness>): Probe {
  const { chance } = machine;
  const { namespace } = self;
  const isInitial = namespace === hostNamespace;
  const unless = <T>(part: Blindness, value: T): Observed<T> => (blindness.has(part) ? dark : seen(value));

  const shownNow = (): readonly Shown[] => shownIn(machine, namespace);

  const lookAtProcesses = ({ pids, owners }: ProcessQuestion): Observed<ProcessAnswer> => {
    if (blindness.has("processes")) return dark;
    const all = shownNow();
    const byPid = new Map(all.map(({ pid, process }) => [pid, process]));
    const shown = blindness.has("some-processes") ? all.filter(() => !chance.oneIn(2)) : all;
    const complete = unless("some-processes", true as const);
    return seen({
      table: {
        complete,
        pids: new Map([...pids].map((pid) => [pid, sightOf(byPid.get(pid), blindness)])),
        agents: agentsAmong(shown),
        appServers: shown.filter(({ process: { argv } }) => argv.includes("app-server")).map(({ pid, process }) => ({ ...process, pid })),
        innerPids: complete.seen ? unless("inner", isInitial ? innerAmong(shown) : new Map()) : complete,
        ancestors: new Set(machine.lineOf(self).map(({ pid }) => pid)),
      },
      owners: owners.map((wanted) => shown.filter(({ process: { argv } }) => argvHas(argv, wanted)).map(({ pid }) => pid)),
    });
  };

  return {
    here: () => ({
      hostname,
      bootId: unless("bootId", machine.bootId),
      machineId: seen("ab12"),
      pidNamespace: unless("pidNamespace", { inode: namespace, initial: isInitial }),
    }),
    lookAtProcesses,
    startOfPid: (pid) => shownNow().find((one) => one.pid === pid)?.process.startTicks,
    livingPids: () => (blindness.has("processes") ? undefined : new Set([50, ...shownNow().map(({ pid }) => pid)])),
    lookAtWriterLocks: () => {
      const held = machine.sessions.filter((session) => session.kind === "lock" && machine.shows(session));
      const mine = held.filter(({ process }) => process?.namespace === namespace);
      return unless("locks", new Map(mine.map(({ id, process }) => [id, { pid: process?.pid ?? 0, path: `/locks/${id}` }])));
    },
  };
}
