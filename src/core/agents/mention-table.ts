import { seen, type Carrier, type ClosedAgent, type Mention, type Mentions, type Observed, type Statement } from "../evidence.ts";
import { roleOf } from "./carriers.ts";
import { idsInCommandLine, idsInPath } from "./mentions/carried.ts";
import type { Sought } from "./mentions/sought.ts";
import type { ProgramLists } from "./programs.ts";
import { longestWord, saidBehind } from "./statements.ts";

/** What one look at the processes searches for, and by which names it tells programs apart. */
export type MentionQuestion = { readonly sought: Sought; readonly programs: ProgramLists };

/** What is found while one look goes over the processes. Each is described only where something was found. */
export type MentionTable = {
  /** `writes` tells whether the process holds a file of this id open for writing. */
  readonly commandLine: (text: string, describe: () => Carrier, writes: (id: string) => Observed<boolean>) => void;
  readonly openFile: (path: string, describe: () => Carrier, writes: () => Observed<boolean>) => void;
  readonly closed: (agent: ClosedAgent) => void;
  readonly result: (files: Mentions["files"]) => Mentions;
};

/** The arguments in a command line, each of which a zero byte ends. */
export function argvOf(commandLine: string): readonly string[] {
  return commandLine === "" ? [] : (commandLine.endsWith("\0") ? commandLine.slice(0, -1) : commandLine).split("\0");
}

/** What an agent states of itself in its arguments. */
function statementsIn(commandLine: string, statements: readonly string[]): readonly Omit<Statement, "carrier">[] {
  if (statements.length === 0) return [];
  const lower = commandLine.toLowerCase();
  return statements
    .filter((behind) => lower.includes(longestWord(behind)))
    .flatMap((behind) =>
      argvOf(commandLine).flatMap((token) => saidBehind(token, behind).map((text, index) => ({ behind, text, isFirst: index === 0 }))),
    );
}

export function mentionTable({ sought, programs }: MentionQuestion): MentionTable {
  const bySession = new Map<string, Mention[]>();
  const statements: Statement[] = [];
  const closed: ClosedAgent[] = [];
  const note = (id: string, mention: Mention): void => {
    const before = bySession.get(id);
    if (before === undefined) bySession.set(id, [mention]);
    else before.push(mention);
  };
  return {
    commandLine: (text, describe, writes) => {
      const ids = idsInCommandLine(text, sought);
      const stated = statementsIn(text, sought.statements);
      if (ids.size + stated.length === 0) return;
      const carrier = describe();
      const isReader = ids.size > 0 && roleOf(carrier, programs).kind === "reader";
      for (const [id, manner] of ids) note(id, { carrier, manner, path: undefined, writes: isReader ? writes(id) : seen(false) });
      for (const statement of stated) statements.push({ carrier, ...statement });
    },
    openFile: (path, describe, writes) => {
      for (const id of idsInPath(path, sought)) note(id, { carrier: describe(), manner: "open-file", path, writes: writes() });
    },
    closed: (agent) => void closed.push(agent),
    result: (files) => ({ bySession, statements, closed, files }),
  };
}

/** What was found in arguments before, with what was found in the open files of all processes since. */
export function withOpenFiles(before: Mentions, { bySession, closed }: Mentions): Mentions {
  const merged = new Map<string, readonly Mention[]>();
  for (const [id, mentions] of before.bySession) {
    const inArguments = mentions.filter(({ manner }) => manner !== "open-file");
    if (inArguments.length > 0) merged.set(id, inArguments);
  }
  for (const [id, mentions] of bySession) merged.set(id, [...(merged.get(id) ?? []), ...mentions]);
  return { bySession: merged, statements: before.statements, closed, files: "all" };
}
