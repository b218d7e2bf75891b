import { describe, expect, test } from "vitest";
import { isCarrierOfOurs, roleOf } from "../../../src/core/agents/carriers.ts";
import { knownPrograms, matchesName, type ProgramLists } from "../../../src/core/agents/programs.ts";
import { seen, unseen, type Carrier } from "../../../src/core/evidence.ts";
import { carrier } from "../scene.ts";

const id = "019d0000-1111-7000-8000-00000000000a";

const roleIn = (argv: readonly string[], more: Partial<Carrier> = {}, programs: ProgramLists = knownPrograms): string => {
  const { kind, name } = roleOf(carrier(argv, more), programs);
  return `${kind} ${name}`;
};

/** A launch: its words, and its program's file where that is another than the first word. */
type Launch = readonly [words: string, role: string, exe?: string];

const cli = "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js";

describe("what a process is to a session whose id it carries", () => {
  const launches: readonly Launch[] = [
    // Programs under their own names.
    ["claude --resume ID", "agent claude"],
    ["/usr/local/bin/claude -rID", "agent claude"],
    ["codex resume ID", "agent codex"],
    ["qwen --resume ID", "agent qwen"],
    ["gemini --resume ID", "agent gemini"],
    ["copilot --resume ID", "agent copilot"],
    ["opencode --session ID", "agent opencode"],
    ["omx resume ID", "agent omx"],
    ["coder resume ID", "agent coder"],
    ["/home/ada/.opencode/bin/opencode --resume ID", "agent opencode"],
    // Renamed and versioned builds.
    ["codex-linux-x64 resume ID", "agent codex"],
    ["codex-x86_64-unknown-linux-musl resume ID", "agent codex"],
    ["/opt/codex-0.171.0/codex-0.171.0 resume ID", "agent codex"],
    ["/home/u/.local/share/claude/versions/2.1.197 --resume ID", "agent claude"],
    ["/home/u/.claude/remote/ccd-cli/2.1.271 --resume ID", "agent claude"],
    ["/nix/store/x/bin/.claude-wrapped --resume ID", "agent claude"],
    ["claude.exe --resume ID", "agent claude"],
    ["assistant --resume ID", "agent claude", "/home/u/.local/share/claude/versions/2.1.197"],
    ["assistant --resume ID", "agent codex", "/home/u/.codex/packages/app-server-daemon/releases/0.171.0-x/bin/codex (deleted)"],
    ["2.1.197 --resume ID", "agent claude", "/home/u/.local/share/claude/versions/2.1.197"],
    // Runtimes, and options of theirs that take values.
    [`node ${cli} --resume ID`, "agent claude"],
    [`/usr/bin/node --env-file .env ${cli} --resume ID`, "agent claude"],
    [`node --import tsx --max-old-space-size=4096 ${cli} --resume ID`, "agent claude"],
    [`node20 -r /x/preload.js ${cli} --resume ID`, "agent claude"],
    [`node /x/claude-code/cli.js --resume ID`, "agent claude"],
    ["node /usr/bin/codex resume ID", "agent codex"],
    [`bun run ${cli} --resume ID`, "agent claude"],
    [`bun --bun run --env-file .env /x/claude-code/cli.js --resume ID`, "agent claude"],
    ["bun x @openai/codex resume ID", "agent codex"],
    ["deno run -A npm:@anthropic-ai/claude-code --resume ID", "agent claude"],
    ["deno run -A --config d.json npm:@anthropic-ai/claude-code@2.1.197 --resume ID", "agent claude"],
    ["deno run -A --env-file /x/claude-code/cli.js --resume ID", "agent claude"],
    ["deno run -A --ext js --seed 7 /x/claude-code/cli.js --resume ID", "agent claude"],
    [`bun run --install force --conditions worker ${cli} --resume ID`, "agent claude"],
    [`node --disable-proto delete --v8-pool-size 2 ${cli} --resume ID`, "agent claude"],
    // An option that no list has, and its value.
    [`node --option-of-tomorrow value ${cli} --resume ID`, "agent claude"],
    [`node --option-of-tomorrow --no-warnings ${cli} --resume ID`, "agent claude"],
    [`node --no-warnings server.js ${cli} ID`, "other node"],
    [`node server ${cli} ID`, "other node"],
    [`node --option=value server ${cli} ID`, "other node"],
    [`node --no-warnings server claude ID`, "other node"],
    ["python3.12 -X dev -m aider --resume ID", "agent aider"],
    ["python3 -m aider.main --resume ID", "agent aider"],
    ["python3 -u /opt/aider.py --resume ID", "agent aider"],
    ["python3 /usr/lib/python3/site-packages/aider/__main__.py ID", "agent aider"],
    ["python3 /srv/aider/manage.py ID", "other python3"],
    ["python /usr/bin/aider ID", "agent aider"],
    [`electron ${cli} --resume ID`, "agent claude"],
    [
      `/usr/share/code/code /home/u/.vscode/extensions/anthropic.claude-code-2.1.197-linux-x64/resources/cli.js --resume ID`,
      "agent claude",
    ],
    [`runtime ${cli} --resume ID`, "agent claude", "/opt/node/bin/node"],
    ["node /opt/node_modules/.pnpm/@openai+codex@0.171.0/node_modules/@openai/codex/bin/codex.js resume ID", "agent codex"],
    // Package runners.
    ["npx -y @anthropic-ai/claude-code --resume ID", "agent claude"],
    ["node /usr/lib/node_modules/npm/bin/npx-cli.js -y @openai/codex@0.171.0 resume ID", "agent codex"],
    ["bunx @openai/codex resume ID", "agent codex"],
    ["bunx --bun @anthropic-ai/claude-code@2.1.332 -rID", "agent claude"],
    ["pnx @openai/codex resume ID", "agent codex"],
    ["yarn dlx -p @anthropic-ai/claude-code claude --resume ID", "agent claude"],
    ["pnpm dlx @anthropic-ai/claude-code --resume ID", "agent claude"],
    ["pnpm --package=@openai/codex dlx codex resume ID", "agent codex"],
    ["uvx --from aider-chat aider ID", "agent aider"],
    ["uv run aider ID", "agent aider"],
    ["uv tool run aider ID", "agent aider"],
    ["npm exec -- codex resume ID", "agent codex"],
    // Loaders and emulators.
    ["/lib64/ld-linux-x86-64.so.2 /usr/bin/codex resume ID", "agent codex"],
    ["/lib/ld-musl-x86_64.so.1 --library-path /x /usr/bin/claude --resume ID", "agent claude"],
    [`/lib64/ld-linux-x86-64.so.2 /usr/bin/node ${cli} --resume ID`, "agent claude"],
    ["/usr/bin/qemu-x86_64-static -L /x /usr/bin/codex resume ID", "agent codex"],
    ["box64 /usr/bin/codex resume ID", "agent codex"],
    ["FEXInterpreter /usr/bin/claude --resume ID", "agent claude"],
    // Every Code, and the editor of the same name.
    ["code resume ID", "agent code"],
    ["code exec resume ID", "agent code"],
    ["/x/node_modules/@just-every/code/bin/code --session ID", "agent code"],
    ["node /x/node_modules/@just-every/code/bin/coder.js resume ID", "agent coder"],
    ["code-x86_64-unknown-linux-musl --session ID", "agent code"],
    ["code /home/u/ID", "other code"],
    ["/usr/share/code/code --type=renderer --x=ID", "other code"],
    // Programs that only look.
    ["grep ID", "reader grep"],
    ["rg ID", "reader rg"],
    ["less /p/ID.jsonl", "reader less", "/usr/bin/less"],
    ["tail -f /p/ID.jsonl", "reader tail", "/usr/bin/busybox"],
    ["cat /p/ID.jsonl", "reader cat", "/usr/bin/coreutils (deleted)"],
    ["jq --arg id ID .", "reader jq"],
    ["strace -f claude --resume ID", "reader strace"],
    ["tmux new-session -d claude --resume ID", "reader tmux", "/usr/bin/tmux"],
    ["SCREEN -dmS x codex resume ID", "reader SCREEN", "/usr/bin/screen-4.9.1"],
    ["less ID", "other less", "/usr/bin/node"],
    ["less bot.sh ID", "other less", "/usr/bin/bash"],
    ["tail /opt/bot.sh ID", "other tail", "/usr/bin/dash"],
    ["sessreap exec --session ID -- bot", "other sessreap"],
    // Anything else.
    ["vim /p/ID.jsonl", "other vim"],
    ["nvim ID", "other nvim"],
    ["bash -c ID", "other bash"],
    ["node /x/server.js ID", "other node"],
    ["node -e code /usr/bin/codex ID", "other node"],
    ["node /x/tool.js /usr/bin/codex ID", "other node"],
    ["python3 -c ID", "other python3"],
    ["codex-review ID", "other codex-review"],
    ["codex-linux-sandbox ID", "other codex-linux-sandbox"],
    ["/home/u/code/1.22.1 ID", "other 1.22.1"],
    ["docker run x claude --resume ID", "other docker"],
    ["sudo claude --resume ID", "other sudo"],
    ["zed /p/ID.jsonl", "other zed"],
  ];

  test.each(launches.map(([words, role, exe]) => ({ words, role, exe })))("$words: $role", ({ words, role, exe }) => {
    const argv = words.split(" ").map((word) => word.replace("ID", id));
    expect(roleIn(argv, exe === undefined ? {} : { exe: seen(exe), comm: "x" })).toBe(role);
  });

  test.each([
    [["claude bg-spare", "--bg-spare", "/tmp/cc-daemon-0/x.claim.sock"], "agent claude"],
    [[`npm exec @openai/codex resume ${id}`, "", ""], "agent codex"],
    [["/opt/my tools/codex", "resume", id], "agent codex"],
    [["/opt/my tools/less", id], "reader less"],
    [[], "other pid 600"],
  ])("%j: %s", (argv, role) => {
    expect(roleIn(argv)).toBe(role);
  });

  test.each([
    ["-bash", true],
    ["/usr/bin/sudo", true],
    ["su-do", false],
    ["vim", false],
  ])("%s carries a command of ours: %s", (program, carries) => {
    expect(isCarrierOfOurs({ argv: [program], comm: "" }, knownPrograms)).toBe(carries);
    expect(isCarrierOfOurs({ argv: ["x"], comm: program }, knownPrograms)).toBe(carries);
  });

  test("an agent may show by its command's name alone", () => {
    expect(roleIn(["assistant", "--resume", id], { comm: "claude", exe: seen("/opt/assistant") })).toBe("agent claude");
    expect(roleIn(["assistant", "--resume", id], { comm: "claude", exe: unseen("EACCES") })).toBe("agent claude");
  });

  test("a holder of a registry is called by what it calls itself, before its program's file", () => {
    const holder = carrier(["crew-7", id], { exe: seen("/opt/crew-runtime"), comm: "crew-thread" });
    expect(roleOf(holder, knownPrograms, ["crew-*"])).toEqual({ kind: "agent", name: "crew-7" });
  });

  test("a reader whose program may not be looked at is none", () => {
    expect(roleIn(["less", id], { exe: unseen("EACCES") })).toBe("other less");
    expect(roleIn(["claude", "--resume", id], { exe: unseen("EACCES") })).toBe("agent claude");
  });

  test("what carries our own command is nothing, and what runs an agent is one all the same", () => {
    expect(roleIn(["sudo", "sessreap", "explain", id], { kin: "between" })).toBe("bystander sudo");
    expect(roleIn(["perl", "swap.pl", id], { kin: "ours" })).toBe("bystander perl");
    expect(roleIn(["codex", "resume", id], { kin: "ours" })).toBe("agent codex");
  });

  test("an operator's names count: agents, onlookers, and a registry's holders", () => {
    const declared = { ...knownPrograms, declared: ["mymind", "crew-*"], onlookers: ["vim", "/opt/index/*"] };
    expect(roleIn(["mymind", id], {}, declared)).toBe("agent mymind");
    expect(roleIn(["/x/crew-7", id], {}, declared)).toBe("agent crew-7");
    expect(roleIn(["node", "/x/crew-7.js", id], {}, declared)).toBe("agent crew-7");
    expect(roleIn(["vim", id], {}, declared)).toBe("bystander vim");
    expect(roleIn(["x", id], { exe: seen("/opt/index/bin/scan") }, declared)).toBe("bystander x");
    expect(roleOf(carrier(["worker", id]), knownPrograms, ["worker"])).toEqual({ kind: "agent", name: "worker" });
  });
});

test.each([
  ["crew-7", "crew-*", true],
  ["crew", "crew-*", false],
  ["crew-7", "*7", true],
  ["aXbXc", "a*X*c", true],
  ["ac", "a*b*c", false],
  ["aba", "aba*aba", false],
  ["a", "a", true],
  ["ab", "a", false],
  ["", "*", true],
])("%s is called %s: %s", (name, pattern, expected) => {
  expect(matchesName(name, pattern)).toBe(expected);
});

/** What a role is worth for life: taken away, it may only fall. */
const worth = { agent: 2, other: 1, reader: 0, bystander: 0 } as const;

describe("a list that holds less moves nothing towards death", () => {
  const carriers = [
    carrier(["claude", "--resume", id]),
    carrier(["node", cli, "--resume", id]),
    carrier(["npx", "-y", "@openai/codex", "resume", id]),
    carrier(["/lib64/ld-linux-x86-64.so.2", "/usr/bin/codex", id]),
    carrier(["x", id], { exe: seen("/home/u/.local/share/claude/versions/2.1.197") }),
    carrier(["vim", id]),
    carrier(["mymind", id]),
    carrier(["less", id]),
    carrier(["less", id], { exe: seen("/usr/bin/node") }),
    carrier(["less", id], { exe: seen("/usr/bin/dash") }),
    carrier(["sudo", "x", id], { kin: "between" }),
  ];
  const full: ProgramLists = { ...knownPrograms, declared: ["mymind"], onlookers: ["nano"] };
  const emptied = {
    agents: new Map(),
    packages: new Map(),
    declared: [],
    launchers: new Map(),
    readers: new Set<string>(),
    manyInOne: new Set<string>(),
    carriers: new Set<string>(),
    onlookers: [],
  } as const satisfies ProgramLists;

  test.each(Object.keys(emptied) as (keyof ProgramLists)[])("without %s", (list) => {
    for (const one of carriers) {
      const [before, after] = [roleOf(one, full), roleOf(one, { ...full, [list]: emptied[list] })];
      const isDoubtOnly = list === "readers" || list === "manyInOne" || list === "onlookers" || list === "carriers";
      const least = isDoubtOnly ? worth[before.kind] : Math.min(worth.other, worth[before.kind]);
      expect(worth[after.kind]).toBeGreaterThanOrEqual(least);
    }
  });

  test("without any", () => {
    for (const one of carriers)
      expect(worth[roleOf(one, emptied).kind]).toBeGreaterThanOrEqual(Math.min(worth.other, worth[roleOf(one, full).kind]));
  });
});
