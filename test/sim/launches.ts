import { grammarOf, type Programs } from "../../tools/launches/grammar.mjs";
import type { Chance } from "./chance.ts";

/** How a process was started: what it says of itself, the file that it runs, and the files that it holds open. */
export type Launch = { readonly argv: readonly string[]; readonly exe: string; readonly open: readonly string[] };

export const named = (argv: readonly string[]): Launch => ({ argv, exe: `/usr/bin/${argv[0] ?? ""}`, open: [] });

const place = (...parts: readonly string[]): string => `/srv/${parts.join("/")}`;

/** Nothing need be there to be launched on a simulated machine. */
const programs: Programs = {
  at: place,
  native: place,
  script: place,
  text: (_, ...parts) => place(...parts),
  tool: (name = "") => ({ path: `/usr/bin/${name}`, isReal: true }),
  shellCalled: place,
  command: () => undefined,
  loader: "/lib64/ld-linux-x86-64.so.2",
};

/** Ids that are looked for in every process; shorter ones tell only as a whole argument of a known agent. */
export const isSought = (id: string): boolean => id.length >= 8;

/** An agent that is told of its session, by a launcher of any kind and in any spelling: the grammar that is run for real, too. */
export function launch(chance: Chance, id: string): Launch {
  if (!isSought(id))
    return named(
      chance.pick([
        ["codex", "resume", id],
        ["claude", `--resume=${id}`],
        ["claude", "--session-id", id],
      ]),
    );
  const random = {
    pick: chance.pick,
    chance: (share: number) => chance.below(1000) < share * 1000,
    some: <T>(list: readonly T[], share: number) => list.filter(() => chance.below(1000) < share * 1000),
  };
  const { words, path, env, writes } = grammarOf(programs, random).draw(id);
  const title = env?.["TITLE"];
  return { argv: title === undefined ? words : [title], exe: path ?? words[0], open: writes ?? [] };
}

/** An agent that is told its name in a prompt, in the words of its registry or in any of the ways in which people write them. */
export function naming(chance: Chance, name: string): Launch {
  const prompts = [
    `your agent name is ${name}. Go on.`,
    `Hello. Your agent\nname  is: ${name}\nGo on.`,
    `State yours as in 'Your agent name is NAME'. Your agent name is ${name}.`,
  ];
  return named(["codex", chance.pick(prompts)]);
}

/** What holds a session open without a word of it in its arguments: an agent, or a program that no list knows. */
export function holding(chance: Chance, id: string): Launch {
  const file = chance.pick([`thread-writer-locks/${id}.lock`, `sessions/2026/11/26/rollout-2026-11-26T10-00-00-${id}.jsonl`]);
  const program = chance.pick([["codex"], ["claude", "--continue"], ["hivemind"]]);
  return { ...named(program), open: [`/mnt/elsewhere/${file}`] };
}

/** Programs that carry an id and do not run its session. Readers are none of the session's life; of the others it is a doubt. */
export function onlooker(chance: Chance, id: string): Launch & { readonly isReader: boolean } {
  const path = `/home/u/.agent/sessions/${id}/log.jsonl`;
  const readers = [
    ["tail", "-f", path],
    ["less", path],
    ["grep", "-rn", id, "/home/u/.agent"],
    ["jq", ".", path],
    ["tmux", "new-session", "-s", id],
  ];
  const others = [
    ["vim", path],
    ["python3", "-c", `print("${id}")`],
    ["node", "/srv/mcp-server.js", `--session=${id}`],
  ];
  const isReader = chance.oneIn(2);
  return { ...named(chance.pick(isReader ? readers : others)), isReader };
}
