import * as fc from "fast-check";
import { chanceFrom } from "./chance.ts";
import { firstUid, hostNamespace, Machine, type Birth, type Process } from "./machine.ts";

export const sessions = ["019d0000-2222-7000-8000-000000000001", "019d0000-2222-7000-8000-000000000002"] as const;

/** What a process does when it gets SIGTERM: it ends at once, after a while, or not at all. */
type Manner = "quick" | "slow" | "deaf";

/** What happens on the machine. `which` counts through the processes that the event can happen to. */
export type Event =
  | { readonly kind: "start"; readonly session: string; readonly from: number; readonly shim: boolean; readonly uid: number }
  | { readonly kind: "child" | "grandchild" | "helper" | "end"; readonly which: number }
  /** A process ends, and another gets its pid: an agent of this session, or a program that is none. */
  | { readonly kind: "reuse"; readonly which: number; readonly session: string | undefined };

const which = fc.nat({ max: 20 });
const session = fc.constantFrom(...sessions);
const uid = fc.oneof({ weight: 20, arbitrary: fc.constant(firstUid) }, { weight: 1, arbitrary: fc.constant(7) });

export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("start"), session, from: fc.nat({ max: 3 }), shim: fc.boolean(), uid }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom("child", "grandchild", "helper", "end"), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("reuse"), which, session: fc.option(session, { nil: undefined }) }) },
);

/** Agents that are one and run a session: the native program, and the script that started it where there is one. */
type Harness = { readonly session: string; readonly members: readonly Process[] };

/** What may be ended, and what is to stay, by what was true when the processes were looked at. */
export type Truth = { readonly mayEnd: ReadonlySet<Process>; readonly newest: ReadonlySet<Process> };

/** A machine with terminals, agents and their children, on which a process of sessreap runs: `self`. */
export class OwnersWorld {
  readonly machine: Machine;
  readonly self: Process;
  readonly harnesses: Harness[] = [];
  /** Background children by the harness that they descend from. */
  readonly children = new Map<Process, Harness>();
  private readonly shells: readonly Process[];
  private readonly manners = new Map<Process, Manner>();
  private readonly ending = new Set<Process>();

  /** `runBy` is the session of the agent that runs sessreap; undefined where a person does. */
  constructor(seed: number, runBy: string | undefined) {
    this.machine = new Machine(chanceFrom(seed));
    this.shells = [0, 1, 2].map(() => this.machine.spawn(["bash"]));
    const agent = runBy === undefined ? undefined : this.start(runBy, 0, false, firstUid);
    this.self = this.spawn(["sessreap", "owners"], agent ?? this.shells[0]);
  }

  private spawn(argv: readonly string[], parent: Process | undefined, birth: Birth = {}): Process {
    const inherited = parent === undefined ? {} : { parent, kernelSession: parent.kernelSession, uid: parent.uid };
    const process = this.machine.spawn(argv, hostNamespace, { ...inherited, ...birth });
    this.manners.set(process, this.machine.chance.pick(["quick", "quick", "slow", "deaf"]));
    return process;
  }

  /** From one of the terminals, or from none. Returns the native agent. */
  private start(name: string, from: number, shim: boolean, user: number): Process {
    const shell = this.machine.isRunning(this.shells[from]) ? this.shells[from] : undefined;
    const script = shim ? this.spawn(["node", "/opt/bin/codex.js", "resume", name], shell, { uid: user }) : undefined;
    const native = this.spawn(["codex", "resume", name], script ?? shell, { uid: user });
    this.harnesses.push({ session: name, members: script === undefined ? [native] : [script, native] });
    return native;
  }

  private living(): readonly Process[] {
    return [...this.machine.processes.values()].filter((process) => process !== this.self);
  }

  private running({ members }: Harness): readonly Process[] {
    return members.filter((process) => this.machine.isRunning(process));
  }

  private endAndReuse(process: Process, name: string | undefined): void {
    this.machine.kill(process);
    if (this.machine.isTaken(process.pid)) return;
    const argv = name === undefined ? ["vim", "notes.txt"] : ["codex", "resume", name];
    const newcomer = this.spawn(argv, undefined, { pid: process.pid });
    if (name !== undefined) this.harnesses.push({ session: name, members: [newcomer] });
  }

  happen(event: Event): void {
    if (event.kind === "start") {
      this.start(event.session, event.from, event.shim, event.uid);
      return;
    }
    const agents = [...this.harnesses.flatMap((harness) => this.running(harness)), ...this.children.keys()];
    const isParent = event.kind === "child" || event.kind === "grandchild" || event.kind === "helper";
    const among = (isParent ? agents : this.living()).filter((process) => this.machine.isRunning(process));
    const process = among[event.which % Math.max(1, among.length)];
    if (process === undefined) return;
    if (event.kind === "end") this.machine.kill(process);
    else if (event.kind === "reuse") this.endAndReuse(process, event.session);
    else if (event.kind === "helper") this.spawn(["sh", "-c", "npm test"], process);
    else {
      const shell = event.kind === "grandchild" ? this.spawn(["sh", "-c", "codex exec"], process) : process;
      const child = this.spawn(["codex", "exec", "/review what was said"], shell);
      const of = this.children.get(process) ?? this.harnesses.find(({ members }) => members.includes(process));
      if (of !== undefined) this.children.set(child, of);
    }
  }

  /** Time passes: what was slow to end has ended. */
  pass(ms: number): void {
    this.machine.advance(ms);
    for (const process of this.ending) this.machine.kill(process);
    this.ending.clear();
  }

  signal(process: Process, signal: NodeJS.Signals): void {
    const manner = this.manners.get(process);
    if (signal === "SIGKILL" || (signal === "SIGTERM" && manner === "quick")) this.machine.kill(process);
    else if (signal === "SIGTERM" && manner === "slow") this.ending.add(process);
  }

  /** Older harnesses of a session that runs more than once, and background children of these or of harnesses that have ended. */
  truth(): Truth {
    const older = new Set<Harness>();
    const newest = new Set<Process>();
    for (const name of sessions) {
      const mine = this.harnesses
        .filter((harness) => harness.session === name && this.running(harness).length > 0)
        .toSorted((a, b) => (this.running(a)[0]?.startedMs ?? 0) - (this.running(b)[0]?.startedMs ?? 0));
      for (const harness of mine.slice(0, -1)) older.add(harness);
      for (const process of mine.at(-1)?.members ?? []) newest.add(process);
    }
    const children = [...this.children].filter(([, harness]) => older.has(harness) || this.running(harness).length === 0);
    return { mayEnd: new Set([...[...older].flatMap(({ members }) => members), ...children.map(([child]) => child)]), newest };
  }
}
