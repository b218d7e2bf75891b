import type { Chance } from "./chance.ts";

/** How a process was started: what it says of itself, and the file that it runs. */
export type Launch = { readonly argv: readonly string[]; readonly exe: string };

export const named = (argv: readonly string[]): Launch => ({ argv, exe: `/usr/bin/${argv[0] ?? ""}` });

const bins = ["/usr/bin", "/usr/local/bin", "/home/u/.local/bin", "/nix/store/ab12-agent/bin"] as const;
const agentBinaries = [
  "codex",
  "claude",
  "qwen",
  "gemini",
  "opencode",
  "codex-linux-x64",
  "codex-x86_64-unknown-linux-musl",
  "claude-2.1.197",
];
const unknownBinaries = ["hivemind", "my-agent", "agentd", "cdx", ".claude-wrapped", "2.1.271", "python-agent", "run"];
const scripts = [
  "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js",
  "/usr/lib/node_modules/@openai/codex/bin/codex.js",
  "/home/u/src/claude-code/cli.js",
  "/opt/agents/build/main.mjs",
  "/srv/hivemind/dist/index.js",
] as const;
const packages = ["@anthropic-ai/claude-code", "@openai/codex@0.171.0", "opencode-ai", "hivemind-agent"] as const;

type Draw = (chance: Chance) => Launch;

const binaryOf =
  (names: readonly string[]): Draw =>
  (chance) => {
    const path = `${chance.pick(bins)}/${chance.pick(names)}`;
    return { argv: [chance.oneIn(2) ? path : (path.split("/").at(-1) ?? "")], exe: path };
  };

const versioned: Draw = (chance) => {
  const exe = chance.pick(["/home/u/.local/share/claude/versions/2.1.197", "/home/u/.claude/remote/ccd-cli/2.1.271", "/opt/tool/7.4"]);
  return { argv: [chance.oneIn(2) ? exe : "claude"], exe };
};

/** Runtimes, with options of which some take a value. */
const options = {
  node: [["--env-file", ".env"], ["--max-old-space-size=4096"], ["-r", "./preload.cjs"], ["--inspect-port", "0"], ["--enable-source-maps"]],
  bun: [["run"], ["--bun"], ["--cwd", "/srv"], ["--preload", "./a.ts"]],
  deno: [
    ["run", "-A"],
    ["run", "--config", "deno.json"],
    ["run", "--allow-all"],
  ],
  python3: [["-u"], ["-X", "dev"], ["-W", "ignore"]],
  tsx: [["--tsconfig", "a.json"], ["watch"]],
  "/usr/lib/electron/electron": [["--no-sandbox"], []],
} as const;

const runtime: Draw = (chance) => {
  const name = chance.pick(Object.keys(options) as (keyof typeof options)[]);
  const all: readonly (readonly string[])[] = options[name];
  const given = Array.from({ length: chance.below(3) }, () => chance.pick(all)).flat();
  return { argv: [name, ...given, chance.pick(scripts)], exe: name.startsWith("/") ? name : `/usr/bin/${name}` };
};

const runner: Draw = (chance) => {
  const [program, ...verbs] = chance.pick([["npx", "-y"], ["npm", "exec"], ["pnpm", "dlx"], ["yarn", "dlx"], ["bunx"], ["uvx"]] as const);
  return { argv: [program, ...verbs, chance.pick(packages)], exe: "/usr/bin/node" };
};

const below =
  (wrapper: readonly string[], exe: string, inner: Draw): Draw =>
  (chance) => ({ argv: [...wrapper, ...inner(chance).argv], exe });

const simple: readonly Draw[] = [binaryOf(agentBinaries), binaryOf(unknownBinaries), versioned, runtime, runner];
const anySimple: Draw = (chance) => chance.pick(simple)(chance);

const launchers: readonly Draw[] = [
  ...simple,
  below(["/lib64/ld-linux-x86-64.so.2", "--library-path", "/opt/lib"], "/lib64/ld-linux-x86-64.so.2", anySimple),
  below(["qemu-aarch64", "-L", "/usr/aarch64"], "/usr/bin/qemu-aarch64", anySimple),
  below(["nice", "-n", "5"], "/usr/bin/nice", anySimple),
  below(["timeout", "5h"], "/usr/bin/timeout", anySimple),
  below(["sudo", "-E", "-u", "u"], "/usr/bin/sudo", anySimple),
  below(["systemd-run", "--scope", "--user"], "/usr/bin/systemd-run", anySimple),
  below(["firejail", "--quiet"], "/usr/bin/firejail", anySimple),
];

const spellings = (id: string): readonly string[] =>
  id.includes("-") ? [id, id, id.toUpperCase(), id.replaceAll("-", ""), `{${id}}`, `urn:uuid:${id}`] : [id];

function sayings(id: string, isShort: boolean): readonly (readonly string[])[] {
  const whole = [["resume", id], ["--resume", id], [`--resume=${id}`], ["-r", id], ["--session-id", id], ["exec", "resume", id]];
  if (isShort) return whole;
  return [...whole, [`-r${id}`], [`--state=/home/u/.agent/sessions/${id}/state.json`], ["--log", `/var/log/agents/${id}.jsonl`]];
}

/** An agent that is told of its session, by a launcher of any kind. Of an id that is not looked for only a known one can tell. */
export function launch(chance: Chance, id: string): Launch {
  const isShort = id.length < 8;
  const { argv, exe } = isShort ? binaryOf(["codex", "claude"])(chance) : chance.pick(launchers)(chance);
  return { argv: [...argv, ...chance.pick(sayings(chance.pick(spellings(id)), isShort))], exe };
}

/** What holds a session open without a word of it in its arguments: an agent, or a program that no list knows. */
export function holding(chance: Chance): Launch {
  return chance.pick([
    named(["codex"]),
    named(["claude", "--continue"]),
    { argv: ["/opt/hivemind/bin/hivemind"], exe: "/opt/hivemind/bin/hivemind" },
  ]);
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
  if (chance.oneIn(2)) return { ...named(chance.pick(readers)), isReader: true };
  return {
    ...named(
      chance.pick([
        ["vim", path],
        ["python3", "-c", `print("${id}")`],
        ["node", "/srv/mcp-server.js", `--session=${id}`],
      ]),
    ),
    isReader: false,
  };
}
