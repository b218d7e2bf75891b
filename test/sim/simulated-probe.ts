import { agentOf } from "../../src/core/agents/agents.ts";
import { argvHas } from "../../src/core/agents/argv.ts";
import { mentionTable, withOpenFiles, type MentionQuestion } from "../../src/core/agents/mention-table.ts";
import type { ProgramLists } from "../../src/core/agents/programs.ts";
import { seen, unseen, type Carrier, type Mentions, type Observed, type PidObservation } from "../../src/core/evidence.ts";
import type { AgentProcess, InnerProcess } from "../../src/core/agents/agent-process.ts";
import type { Host } from "../../src/host/host.ts";
import type { ProcessAnswer, ProcessQuestion } from "../../src/host/processes/linux.ts";
import { hostname, hostNamespace, type Machine, type Process } from "./machine.ts";
import type { Blindness } from "./simulated-host.ts";

const dark = unseen("the simulation hides it");

type Probe = Pick<
  Host,
  "here" | "lookAtProcesses" | "lookAtPids" | "startOfPid" | "livingPids" | "lookAtAllFiles" | "lookAtLocks" | "openPaths"
>;

/** A process as it is seen from inside a pid namespace: there it has another number. */
export type Shown = { readonly pid: number; readonly process: Process };

export function shownIn(machine: Machine, namespace: string): readonly Shown[] {
  return namespace === hostNamespace
    ? [...machine.processes.values()].map((process) => ({ pid: process.pid, process }))
    : machine.inNamespace(namespace).map((process) => ({ pid: process.pids.get(namespace) ?? 0, process }));
}

function sightOf(process: Process | undefined, blindness: ReadonlySet<Blindness>): Observed<PidObservation> {
  if (blindness.has("pids")) return dark;
  if (process === undefined) return seen({ kind: "gone" });
  const names = blindness.has("names") ? dark : seen([process.argv[0] ?? "", process.exe]);
  return seen({
    kind: "there",
    state: seen(process.state),
    startTicks: seen(process.startTicks),
    ownTime: true,
    kernelThread: false,
    names,
  });
}

function agentsAmong(shown: readonly Shown[], programs: ProgramLists): readonly AgentProcess[] {
  return shown.flatMap(({ pid, process: { startTicks, argv, uid } }) => {
    const agent = agentOf(argv, programs);
    if (agent === undefined) return [];
    return [{ pid, startTicks, argv, agent, parentPid: 1, processGroup: pid, kernelSession: pid, terminal: 0, uid }];
  });
}

/** By each pid that a process has in a namespace below this one. Of one that has ended nothing is left there to hold anything. */
function innerAmong(shown: readonly Shown[], namespace: string, programs: ProgramLists): ReadonlyMap<number, readonly InnerProcess[]> {
  const inner = new Map<number, InnerProcess[]>();
  for (const { pid, process } of shown) {
    if (process.state === "Z") continue;
    const all = [...process.pids];
    const below = all.slice(all.findIndex(([one]) => one === namespace) + 1).map(([, number]) => number);
    const found = { pid, startTicks: process.startTicks, ownTime: true, agent: agentOf(process.argv, programs) !== undefined };
    for (const number of new Set(below)) inner.set(number, [...(inner.get(number) ?? []), found]);
  }
  return inner;
}

function carrierOf({ pid, process: { argv, exe, uid, startTicks } }: Shown): Carrier {
  const [program = ""] = argv;
  return { pid, startTicks, uid, comm: program.slice(program.lastIndexOf("/") + 1).slice(0, 15), argv, exe: seen(exe), kin: "none" };
}

/** What a sweep sees of the machine's processes from the pid namespace in which its own process stands. */
export function probeOf(machine: Machine, self: Process, blindness: ReadonlySet<Blindness>): Probe {
  const { chance } = machine;
  const { namespace } = self;
  const isInitial = namespace === hostNamespace;
  const unless = <T>(part: Blindness, value: T): Observed<T> => (blindness.has(part) ? dark : seen(value));

  const shownNow = (): readonly Shown[] => shownIn(machine, namespace);

  const mentionsAmong = (shown: readonly Shown[], question: MentionQuestion, files: Mentions["files"]): Mentions => {
    const table = mentionTable(question);
    for (const one of shown) {
      const carrier = (): Carrier => carrierOf(one);
      table.commandLine(one.process.argv.map((word) => `${word}\0`).join(""), carrier, () => seen(false));
      const isAgent = agentOf(one.process.argv, question.programs) !== undefined;
      if (isAgent && blindness.has("locks")) table.closed({ carrier: carrier(), why: "the simulation hides it" });
      // Of a program that no list knows it is not noted that its files may not be read: there this blindness hides nothing.
      if (isAgent ? blindness.has("locks") : files !== "all") continue;
      for (const path of one.process.open) table.openFile(path, carrier, () => seen(true));
    }
    return table.result(files);
  };

  const lookAtProcesses = (question: ProcessQuestion): Observed<ProcessAnswer> => {
    if (blindness.has("processes")) return dark;
    const { pids, owners } = question;
    const all = shownNow();
    const byPid = new Map(all.map(({ pid, process }) => [pid, process]));
    const shown = blindness.has("some-processes") ? all.filter(() => !chance.oneIn(2)) : all;
    const complete = unless("some-processes", true as const);
    return seen({
      table: {
        complete,
        pids: new Map([...pids].map((pid) => [pid, sightOf(byPid.get(pid), blindness)])),
        agents: agentsAmong(shown, question.programs),
        appServers: shown.filter(({ process: { argv } }) => argv.includes("app-server")).map(({ pid, process }) => ({ ...process, pid })),
        innerPids: complete.seen ? unless("inner", innerAmong(shown, namespace, question.programs)) : complete,
        ancestors: new Set(machine.lineOf(self).map(({ pid }) => pid)),
      },
      mentions: mentionsAmong(shown, question, "agents"),
      owners: owners.map((wanted) => shown.filter(({ process: { argv } }) => argvHas(argv, wanted)).map(({ pid }) => pid)),
    });
  };

  return {
    here: () => ({
      hostname,
      bootId: unless("bootId", machine.bootId),
      machineId: seen("ab12"),
      pidNamespace: unless("pidNamespace", { inode: namespace, initial: isInitial }),
      timeNamespace: seen("4026531834"),
    }),
    lookAtProcesses,
    lookAtPids: (pids) => {
      const byPid = new Map(shownNow().map(({ pid, process }) => [pid, process]));
      return new Map(Array.from(pids, (pid) => [pid, blindness.has("processes") ? dark : sightOf(byPid.get(pid), blindness)]));
    },
    startOfPid: (pid) => shownNow().find((one) => one.pid === pid)?.process.startTicks,
    livingPids: () => (blindness.has("processes") ? undefined : new Set([50, ...shownNow().map(({ pid }) => pid)])),
    lookAtAllFiles: (question, before) => seen(withOpenFiles(before, mentionsAmong(shownNow(), question, "all"))),
    // From a container only those that have the file open there are seen.
    lookAtLocks: (files) => {
      const held = [...files].filter(({ state: { ino } }) => {
        const holder = machine.fileLocks.get(ino);
        return machine.isRunning(holder) && (isInitial || holder.namespace === namespace);
      });
      return unless("file-locks", new Map(held.map(({ path }) => [path, seen("an flock")])));
    },
    openPaths: (pid) => {
      const shown = shownNow().find((one) => one.pid === pid);
      return unless("locks", shown === undefined ? [] : shown.process.open);
    },
  };
}
