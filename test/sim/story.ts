import { chanceFrom, type Chance } from "./chance.ts";
import { day, hour, Machine, otherKernel, second, type Process, type Session } from "./machine.ts";
import {
  agentsPath,
  entriesOn,
  firstTexts,
  foreignTexts,
  loosePath,
  misdeclared,
  namesHidden,
  releasing,
  sessionNamedIn,
  targets,
} from "./registries.ts";
import { State } from "./simulated-host.ts";
import type { World } from "./worlds.ts";
import type { Target } from "../../src/sweep/load/target.ts";

/** One machine, its registries, who is registered where, and all that has happened so far. */
export class Story {
  readonly log: (() => string)[] = [];
  readonly chance: Chance;
  readonly machine: Machine;
  readonly state = new State();
  readonly targets: readonly Target[];
  readonly indent: string | number;
  /** Who is registered under a name now, by registry and key. */
  readonly current = new Map<string, Session>();
  /** Whose tombstone it is, and the very text that was reaped, by its id. */
  readonly tombstoned = new Map<string, { readonly session: Session; readonly text: string }>();
  /** What this sweep has taken away so far. */
  removed: string[] = [];
  /** What its owner has released for this sweep, whether or not it could be seen to be gone. */
  released: string[] = [];
  bridge: Process | undefined;
  failure: Error | undefined;

  constructor(seed: number, given?: readonly Target[], worlds?: ReadonlySet<World>) {
    this.chance = chanceFrom(seed);
    this.machine = new Machine(this.chance, worlds);
    this.indent = this.chance.pick([2, "\t", 0]);
    const chosen = this.chance.oneIn(2) ? targets : releasing;
    const declared = this.machine.isIn("misdeclared-fields") ? chosen.map(misdeclared) : chosen;
    this.targets = given ?? (worlds?.has("unknown-names") === true ? declared.map(namesHidden) : declared);
    const texts = { ...firstTexts, ...(seed % 2 === 0 && foreignTexts) };
    for (const [path, text] of Object.entries(texts)) this.machine.disk.create(path, text, this.machine.wallMs - hour);
    // Its first writer makes one of the two, and a ghost.
    this.current.set(`${agentsPath} twice`, { ...this.machine.newSession(agentsPath, "twice", "cli"), registeredBootMs: -day });
  }

  /** Nobody reads it unless a law is broken, so it is put into words only then. */
  record(what: string | (() => string)): void {
    const { boot, bootMs, wallMs } = this.machine;
    const words = (): string => (typeof what === "string" ? what : what());
    this.log.push(() => `boot ${boot} +${Math.round(bootMs / second)}s ${new Date(wallMs).toISOString()} ${words()}`);
  }

  /** A sweep catches what is thrown while it swaps, so the first failure is kept and thrown again behind it. */
  fail(what: string): never {
    this.failure ??= new Error(
      `${what}\n${this.log
        .slice(-60)
        .map((line) => line())
        .join("\n")}`,
    );
    throw this.failure;
  }

  whose(path: string, key: string): Session | undefined {
    return this.current.get(`${path} ${key}`);
  }

  /** No sweep understands what the entries of this registry say of their processes. */
  isMisdeclared(path: string): boolean {
    return path === loosePath && this.machine.isIn("misdeclared-fields");
  }

  /** Another entry of the same session, which names a process that runs. */
  private speaksFor(session: Session): boolean {
    return [...this.current.values()].some(
      (other) =>
        other !== session &&
        !this.isMisdeclared(other.registry) &&
        this.machine.isRunning(other.recorded) &&
        // Of another kernel's entry a step of the clock leaves nothing to tell, and of a record that speaks nothing is remembered.
        !(other.recorded.namespace === otherKernel && other.clockStepped) &&
        other.recorded === other.process &&
        sessionNamedIn(entriesOn(this.machine.disk, other.registry, "now").get(other.key)) === session.id,
    );
  }

  /** Does this session run, and show where its registry says? */
  shows(session: Session): boolean {
    return this.machine.shows(session) || (session.kind !== "claude" && session.recorded === undefined && this.speaksFor(session));
  }

  /** Why a session must not be reaped in this moment; undefined when it may. */
  protectedBy(session: Session, graceMs: number): string | undefined {
    return this.shows(session) ? "it runs and shows" : this.machine.protectedBy(session, graceMs);
  }

  isCurrent(session: Session): boolean {
    return this.whose(session.registry, session.key) === session;
  }

  anySession(): Session | undefined {
    const all = [...this.current.values()].filter(({ key }) => key !== "twice");
    return all.length === 0 ? undefined : this.chance.pick(all);
  }

  isBridgeUp(): boolean {
    return this.machine.isRunning(this.bridge);
  }

  entries(path: string): ReadonlyMap<string, string> {
    return entriesOn(this.machine.disk, path);
  }
}
