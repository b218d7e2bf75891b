import type { Carrier } from "../evidence.ts";
import { agentOf, baseName } from "./agents.ts";
import { wordsOf } from "./argv.ts";
import { matchesName, type ProgramLists } from "./programs.ts";

/** What a process that carries an id is to the session. */
export type Role = {
  /**
   * An agent can run the session. A reader only looks at it, as long as it writes nothing of it. A bystander is ours, or
   * one of which an operator says that it runs nothing. Of any other process nothing can be told.
   */
  readonly kind: "agent" | "reader" | "bystander" | "other";
  readonly name: string;
};

const exePath = ({ exe }: Carrier): string | undefined => (exe.seen ? exe.value.replace(/ \(deleted\)$/, "") : undefined);

/** What a process can be called by: its command, its program's file, its first argument, and the first word of its title. */
export function namesOfCarrier(carrier: Carrier): readonly string[] {
  const { argv, comm } = carrier;
  const [first = ""] = argv;
  const exe = exePath(carrier);
  const names = [first, wordsOf(argv)[0] ?? "", exe ?? ""].map(baseName);
  return [...new Set([...names, comm].filter((name) => name !== ""))];
}

/** The agent that a process runs, told by its arguments, and by its program's file where its first argument is another name. */
function agentIn(carrier: Carrier, programs: ProgramLists, holders: readonly string[]): string | undefined {
  const { argv, comm } = carrier;
  const exe = exePath(carrier);
  const others = argv.slice(1);
  const known =
    agentOf(argv, programs) ??
    (exe === undefined ? undefined : agentOf([exe, ...others], programs)) ??
    agentOf([comm, ...others], programs);
  return known ?? namesOfCarrier(carrier).find((name) => holders.some((holder) => matchesName(name, holder)));
}

const withoutVersion = (name: string): string => name.replace(/-v?\d[\d.]*$/, "");

/** A reader is told by its program's file: what a process calls itself proves nothing. One whose file may not be looked at is none. */
function isReader(carrier: Carrier, { readers, manyInOne }: ProgramLists): boolean {
  const exe = exePath(carrier);
  if (exe === undefined) return false;
  const program = withoutVersion(baseName(exe));
  return readers.has(program) || (manyInOne.has(program) && readers.has(withoutVersion(baseName(carrier.argv[0] ?? ""))));
}

/** Does a program only carry a command of ours to where it is run: a shell, `sudo`, a package runner? */
export function isCarrierOfOurs({ argv, comm }: Pick<Carrier, "argv" | "comm">, { carriers }: ProgramLists): boolean {
  return [argv[0] ?? "", wordsOf(argv)[0] ?? "", comm].some((name) => carriers.has(baseName(name).replace(/^-/, "")));
}

/** What a process is to a session whose id it carries. `holders` are names that the session's registry gives to its holders. */
export function roleOf(carrier: Carrier, programs: ProgramLists, holders: readonly string[] = []): Role {
  const names = namesOfCarrier(carrier);
  const name = names[0] ?? `pid ${carrier.pid}`;
  const exe = exePath(carrier);
  const paths = exe === undefined ? names : [...names, exe];
  if (programs.onlookers.some((pattern) => paths.some((path) => matchesName(path, pattern)))) return { kind: "bystander", name };
  const agent = agentIn(carrier, programs, holders);
  if (agent !== undefined) return { kind: "agent", name: agent };
  if (carrier.kin !== "none") return { kind: "bystander", name };
  return { kind: isReader(carrier, programs) ? "reader" : "other", name };
}
