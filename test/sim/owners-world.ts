import * as fc from "fast-check";
import { chanceFrom } from "./chance.ts";
import { claudeRoster } from "../../src/registries/formats/claude-roster.ts";
import { claudeSessions } from "../../src/registries/formats/claude-sessions.ts";
import type { Target } from "../../src/sweep/load/target.ts";
import { codexHome, firstUid, hostNamespace, Machine, type Birth, type Process } from "./machine.ts";

export const sessions = ["019d0000-2222-7000-8000-000000000001", "019d0000-2222-7000-8000-000000000002"] as const;

const bare = { named: true, appServers: [], owner: undefined, release: undefined } as const;
const [recordsPath, rosterPath] = ["/claudes", "/roster.json"] as const;

/** Where the Claudes of this world say what they run. */
export const targets: readonly Target[] = [
  { ...bare, format: claudeSessions, path: recordsPath },
  { ...bare, format: claudeRoster, path: rosterPath },
];

/** What a process does when it gets SIGTERM: it ends at once, after a while, or not at all. */
type Manner = "quick" | "slow" | "deaf";

/**
 * What runs a session, and shows it: a Codex by its arguments, behind a script perhaps; a Claude by its own record, by one
 * that its release leaves behind, or by its arguments alone; a Claude in a claimed spare, below the daemon's host.
 */
const runners = ["codex", "codex", "codex", "shim", "claude", "claude", "stale", "bare", "spare"] as const;
type Runner = (typeof runners)[number];

/** What an agent can start beside background children of its own. Their children are not the agent's alone. */
const others = {
  editor: ["code", "exec", "notes.txt"],
  server: ["node", "/w/node_modules/vite/bin/vite.js"],
  multiplexer: ["tmux", "new-session", "-d"],
} as const;
type Other = keyof typeof others;

/** What happens on the machine. `which` counts through the processes that the event can happen to. */
export type Event =
  | { readonly kind: "start"; readonly session: string; readonly from: number; readonly runner: Runner; readonly uid: number }
  | { readonly kind: "child" | "grandchild" | "helper" | "locked" | "nested" | "end"; readonly which: number }
  | { readonly kind: "other"; readonly which: number; readonly other: Other }
  /** A harness takes up another session in place; what it was started with stays as it was. */
  | { readonly kind: "switch"; readonly which: number; readonly session: string }
  /** A process ends, and another gets its pid: an agent of this session, or a program that is none. */
  | { readonly kind: "reuse"; readonly which: number; readonly session: string | undefined };

const which = fc.nat({ max: 20 });
const session = fc.constantFrom(...sessions);
const uid = fc.oneof({ weight: 20, arbitrary: fc.constant(firstUid) }, { weight: 1, arbitrary: fc.constant(7) });
const below = fc.constantFrom("child", "child", "grandchild", "helper", "locked", "nested", "end");

export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("start"), session, from: fc.nat({ max: 3 }), runner: fc.constantFrom(...runners), uid }),
  },
  { weight: 5, arbitrary: fc.record({ kind: below, which }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("other"), which, other: fc.constantFrom("editor", "server", "multiplexer") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("switch"), which, session }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("reuse"), which, session: fc.option(session, { nil: undefined }) }) },
);

/** Agents that are one: what runs the session, and the script that started it where there is one. */
type Harness = {
  readonly runner: Runner;
  readonly members: readonly Process[];
  /** Which session it ran from which moment on. */
  readonly history: { readonly since: number; readonly session: string }[];
};

/** A background child, and whether it is its harness's alone. */
type Child = { readonly harness: Harness; readonly isOwn: boolean };

/** What may be ended, and what is to stay, by what was true when the processes were looked at. */
export type Truth = { readonly mayEnd: ReadonlySet<Process>; readonly newest: ReadonlySet<Process> };

/** A machine with terminals, agents and their children, on which a process of sessreap runs: `self`. */
export class OwnersWorld {
  readonly machine: Machine;
  readonly self: Process;
  readonly harnesses: Harness[] = [];
  readonly children = new Map<Process, Child>();
  private readonly shells: readonly Process[];
  private readonly manners = new Map<Process, Manner>();
  private readonly ending = new Set<Process>();
  private readonly roster: Record<string, unknown> = {};
  /** Counts what has happened; a look at the registries begins at one of these moments. */
  private moment = 0;
  private lookedAt = 0;

  /** `runBy` is the session of the agent that runs sessreap; undefined where a person does. */
  constructor(seed: number, runBy: string | undefined) {
    this.machine = new Machine(chanceFrom(seed));
    this.machine.disk.create(rosterPath, JSON.stringify({ workers: {} }), this.machine.wallMs);
    this.shells = [0, 1, 2].map((_, index) => this.machine.spawn(["bash"], hostNamespace, { terminal: 34816 + index }));
    const agent = runBy === undefined ? undefined : this.start(runBy, 0, "codex", firstUid);
    this.self = this.spawn(["sessreap", "owners"], agent ?? this.shells[0]);
  }

  private spawn(argv: readonly string[], parent: Process | undefined, birth: Birth = {}): Process {
    const inherited =
      parent === undefined ? {} : { parent, kernelSession: parent.kernelSession, uid: parent.uid, terminal: parent.terminal ?? 0 };
    const process = this.machine.spawn(argv, hostNamespace, { ...inherited, ...birth });
    this.manners.set(process, this.machine.chance.pick(["quick", "quick", "slow", "deaf"]));
    return process;
  }

  /** Claude's own record of a process; a release that leaves it behind writes it once. */
  private record({ pid, startTicks }: Process, sessionId: string, version: string): void {
    const text = JSON.stringify({ pid, sessionId, procStart: startTicks, version });
    this.machine.disk.create(`${recordsPath}/${pid}.json`, text, this.machine.wallMs);
  }

  /** From one of the terminals, or from none. Returns what runs the session. */
  private start(name: string, from: number, runner: Runner, user: number): Process {
    const shell = this.machine.isRunning(this.shells[from]) ? this.shells[from] : undefined;
    const members = this.run(name, runner, shell, { uid: user });
    this.harnesses.push({ runner, members, history: [{ since: this.moment, session: name }] });
    return members.at(-1) as Process;
  }

  private run(name: string, runner: Runner, shell: Process | undefined, birth: Birth): readonly Process[] {
    if (runner === "codex") return [this.spawn(["codex", "resume", name], shell, birth)];
    if (runner === "shim") {
      const script = this.spawn(["node", "/opt/bin/codex.js", "resume", name], shell, birth);
      return [script, this.spawn(["codex", "resume", name], script)];
    }
    if (runner === "spare") return [this.claim(name, birth)];
    const process = this.spawn(["claude", "--resume", name], shell, birth);
    if (runner !== "bare") this.record(process, name, runner === "claude" ? "2.1.332" : "2.1.197");
    return [process];
  }

  /** A spare that the Claude daemon started before it had a session. The roster names the host above it. */
  private claim(name: string, birth: Birth): Process {
    const exe = { exe: "/opt/claude/versions/2.1.332" };
    const host = this.spawn(["claude bg-pty-host", "--bg-pty-host", "/tmp/cc/pty.sock"], undefined, { ...birth, ...exe });
    const spare = this.spawn(["claude bg-spare", "--bg-spare", "/tmp/cc/claim.sock"], host, exe);
    this.record(spare, name, "2.1.332");
    this.roster[String(Object.keys(this.roster).length)] = { pid: host.pid, procStart: host.startTicks, sessionId: name };
    this.machine.disk.create(rosterPath, JSON.stringify({ workers: this.roster }), this.machine.wallMs);
    return spare;
  }

  private living(): readonly Process[] {
    return [...this.machine.processes.values()].filter((process) => process !== this.self);
  }

  private running({ members }: Harness): readonly Process[] {
    return members.filter((process) => this.machine.isRunning(process));
  }

  /** A shim waits for what it has started, and ends with it. */
  private kill(process: Process): void {
    this.machine.kill(process);
    const shim = this.harnesses.find(({ runner, members }) => runner === "shim" && members.at(-1) === process)?.members[0];
    if (shim !== undefined && this.machine.isRunning(shim)) this.machine.kill(shim);
  }

  private endAndReuse(process: Process, name: string | undefined): void {
    this.kill(process);
    if (this.machine.isTaken(process.pid)) return;
    const argv = name === undefined ? ["vim", "notes.txt"] : ["codex", "resume", name];
    const newcomer = this.spawn(argv, undefined, { pid: process.pid });
    if (name !== undefined) this.harnesses.push({ runner: "codex", members: [newcomer], history: [{ since: this.moment, session: name }] });
  }

  /** What it shows of the new session depends on what it is: a file that it holds open, its record, or nothing. */
  private switch(harness: Harness, name: string): void {
    const process = harness.members.at(-1);
    if (process === undefined || !this.machine.isRunning(process)) return;
    harness.history.push({ since: this.moment, session: name });
    if (harness.runner === "codex" || harness.runner === "shim") process.open = [`${codexHome}/thread-writer-locks/${name}.lock`];
    if (harness.runner === "claude" || harness.runner === "spare") this.record(process, name, "2.1.332");
  }

  private childOf(process: Process, kind: Extract<Event, { which: number }>["kind"]): void {
    const of = this.children.get(process)?.harness ?? this.harnesses.find(({ members }) => members.includes(process));
    const isBelow = this.children.get(process)?.isOwn ?? true;
    const shell = kind === "grandchild" ? this.spawn(["sh", "-c", "codex exec"], process) : process;
    if (kind === "nested") {
      const agent = this.spawn(["claude"], shell);
      this.record(agent, `nested-${agent.pid}-${agent.startTicks}`, "2.1.332");
      return;
    }
    const thread = `019d0000-4444-7000-8000-${String(this.moment).padStart(12, "0")}`;
    const open = kind === "locked" ? ["/w/daemon.lock"] : [`${codexHome}/thread-writer-locks/${thread}.lock`];
    const child = this.spawn(["codex", "exec", "/review what was said"], shell, { open });
    if (of !== undefined) this.children.set(child, { harness: of, isOwn: isBelow && kind !== "locked" });
  }

  private startOther(process: Process, other: Other): void {
    const of = this.children.get(process)?.harness ?? this.harnesses.find(({ members }) => members.includes(process));
    // A multiplexer's server leaves its parent, and gives its panes terminals of their own.
    const birth = other === "multiplexer" ? { parent: undefined, kernelSession: process.pid, terminal: 0 } : {};
    const server = this.spawn(others[other], process, birth);
    const pane = other === "multiplexer" ? { terminal: 34900 } : {};
    const child = this.spawn(["codex", "exec", "/review of another"], server, pane);
    if (of !== undefined) for (const one of [server, child]) this.children.set(one, { harness: of, isOwn: false });
  }

  happen(event: Event): void {
    this.moment += 1;
    if (event.kind === "start") {
      this.start(event.session, event.from, event.runner, event.uid);
      return;
    }
    if (event.kind === "switch") {
      const running = this.harnesses.filter((harness) => this.running(harness).length > 0);
      const harness = running[event.which % Math.max(1, running.length)];
      if (harness !== undefined) this.switch(harness, event.session);
      return;
    }
    const agents = [...this.harnesses.flatMap((harness) => this.running(harness)), ...this.children.keys()];
    const isParent = event.kind !== "end" && event.kind !== "reuse";
    const among = (isParent ? agents : this.living()).filter((process) => this.machine.isRunning(process));
    const process = among[event.which % Math.max(1, among.length)];
    if (process === undefined) return;
    if (event.kind === "end") this.kill(process);
    else if (event.kind === "reuse") this.endAndReuse(process, event.session);
    else if (event.kind === "helper") this.spawn(["sh", "-c", "npm test"], process);
    else if (event.kind === "other") this.startOther(process, event.other);
    else this.childOf(process, event.kind);
  }

  /** The registries are read: what a process does from now on is not in them. */
  readRegistries(): void {
    this.lookedAt = this.moment;
  }

  /** Time passes: what was slow to end has ended. */
  pass(ms: number): void {
    this.machine.advance(ms);
    for (const process of this.ending) this.kill(process);
    this.ending.clear();
  }

  signal(process: Process, signal: NodeJS.Signals): void {
    const manner = this.manners.get(process);
    if (signal === "SIGKILL" || (signal === "SIGTERM" && manner === "quick")) this.kill(process);
    else if (signal === "SIGTERM" && manner === "slow") this.ending.add(process);
  }

  /** Did a harness run this session at any moment since the registries were read? */
  private ran({ history }: Harness, name: string): boolean {
    return history.some(({ session: one }, index) => one === name && (history[index + 1]?.since ?? Infinity) > this.lookedAt);
  }

  /** Does what a process runs run elsewhere, too, now? */
  runsElsewhere(process: Process): boolean {
    const mine = this.harnesses.find(({ members }) => members.includes(process));
    if (mine === undefined) return true;
    return sessions.some(
      (name) => this.ran(mine, name) && this.harnesses.some((one) => one !== mine && this.ran(one, name) && this.running(one).length > 0),
    );
  }

  /** Older harnesses of a session that runs more than once, and background children of these or of harnesses that have ended. */
  truth(): Truth {
    const older = new Set<Harness>();
    const newest = new Set<Process>();
    for (const name of sessions) {
      const mine = this.harnesses
        .filter((harness) => this.ran(harness, name) && this.running(harness).length > 0)
        .toSorted((a, b) => (this.running(a)[0]?.startedMs ?? 0) - (this.running(b)[0]?.startedMs ?? 0));
      for (const harness of mine.slice(0, -1)) older.add(harness);
      for (const process of mine.at(-1)?.members ?? []) newest.add(process);
    }
    const children = [...this.children].filter(
      ([, { harness, isOwn }]) => isOwn && (older.has(harness) || this.running(harness).length === 0),
    );
    return { mayEnd: new Set([...[...older].flatMap(({ members }) => members), ...children.map(([child]) => child)]), newest };
  }
}
