/** Launches of agents, drawn by chance: what runs, in which runtime, by which wrappers, told in which way of its session. */

/** Numbers below 1 from a seed (mulberry32), so that a draw can be made again. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const pick = (list) => list[Math.floor(next() * list.length)];
  return { chance: (share) => next() < share, pick, some: (list, share) => list.filter(() => next() < share) };
}

const quoted = (words) => words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const spellings = [
  ...Array.from({ length: 6 }, () => (id) => id),
  (id) => id.toUpperCase(),
  (id) => `{${id}}`,
  (id) => (uuid.test(id) ? `urn:uuid:${id}` : id),
  (id) => (uuid.test(id) ? id.replaceAll("-", "") : id),
];

/** How each agent is told which session to run. An id is spelled in any way but inside a path. */
const tellings = {
  claude: [
    (id) => ["--resume", id],
    (id) => [`--resume=${id}`],
    (id) => ["-r", id],
    (id) => [`-r${id}`],
    (id) => ["--session-id", id],
    (id) => ["--model", "opus", "--resume", id, "and go on"],
    (id) => ["-p", "--verbose", "--resume", id],
    (_, id) => ["--settings", `/srv/sessions/${id}/settings.json`],
    (_, id) => ["--mcp-config", `/tmp/hub-${id}.json`],
  ],
  codex: [
    (id) => ["resume", id],
    (id) => ["exec", "resume", id],
    (id) => ["resume", "--yolo", id],
    (id) => ["resume", id, "go on"],
    (_, id) => ["resume", "-c", `model_instructions_file="/srv/w/.omx/state/sessions/${id}/AGENTS.md"`],
    (_, id) => ["resume", `--rollout=/srv/sessions/2026/11/26/rollout-2026-11-26T10-00-00-${id}.jsonl`],
  ],
  other: [
    (id) => ["--resume", id],
    (id) => ["--session", id],
    (id) => [`--resume=${id}`],
    (id) => ["run", "--session-id", id],
    (id) => [`-s${id}`],
    (_, id) => ["--history", `/srv/chats/${id}.jsonl`],
  ],
};

const natives = {
  claude: [
    ["claude"],
    ["versions", "claude", "versions", "2.1.197"],
    ["home", ".local", "share", "claude", "versions", "2.1.332"],
    ["home", ".claude", "remote", "ccd-cli", "2.1.271"],
    ["lib", "claude-code-linux-x64", "claude"],
    ["nix", ".claude-wrapped"],
    ["opt", "claude-2.1.300"],
  ],
  codex: [
    ["codex"],
    ["codex-linux-x64"],
    ["vendor", "codex-x86_64-unknown-linux-musl"],
    ["vendor", "codex-aarch64-apple-darwin"],
    ["releases", "0.171.0-linux", "bin", "codex"],
    ["opt", "codex-0.171.0"],
  ],
  other: [
    ["opencode"],
    ["gemini"],
    ["copilot"],
    ["goose"],
    ["crush"],
    ["cursor-agent"],
    ["amp"],
    ["droid"],
    ["opencode-linux-x64-baseline"],
  ],
};

const scripts = {
  claude: [
    ["lib", "node_modules", "@anthropic-ai", "claude-code", "cli.js"],
    ["lib", "node_modules", "@anthropic-ai", "claude-agent-sdk", "cli.js"],
    ["lib", "claude-code", "cli.mjs"],
    ["ext", "anthropic.claude-code-2.1.0", "resources", "main.js"],
    ["lib", "bin", "claude"],
  ],
  codex: [
    ["lib", "node_modules", "@openai", "codex", "bin", "codex.js"],
    ["lib", "node_modules", ".pnpm", "@openai+codex@0.171.0", "node_modules", "@openai", "codex", "bin", "codex.js"],
  ],
  other: [
    ["lib", "node_modules", "@qwen-code", "qwen-code", "cli.js"],
    ["lib", "node_modules", "@google", "gemini-cli", "dist", "index.js"],
    ["lib", "node_modules", "opencode-ai", "bin", "opencode.js"],
    ["lib", "node_modules", "oh-my-codex", "dist", "cli", "omx.js"],
  ],
};

/** Names that no list has. */
const strangers = ["mymind", "hive", "agentd", "pilot", "foreman", "scribe"];

/** One who draws launches with these programs. `draw(id)` gives the next launch of a session. */
export function grammarOf(programs, random) {
  const { pick, chance, some } = random;
  const { at, native, script, text, tool, shellCalled, command, loader } = programs;
  const agents = ["claude", "claude", "codex", "other"];
  const saidTo = (agent, id) => pick(tellings[agent])(pick(spellings)(id), id);
  const scriptOf = (agent) => script("pkg", ...pick(scripts[agent]));
  /** What runs: its words, and the path of the first where that is another. */
  const run = (kind, words, more = {}) => ({ kind, words, ...more });
  const by = ({ path, isReal }, kind, words, more = {}) => run(kind, [path, ...words], { isStandIn: !isReal, ...more });

  const nodeOptions = () =>
    some(
      [
        ["--env-file", text("A=1\n", ".env")],
        [`--env-file=${text("A=1\n", ".env")}`],
        ["-r", script("preload.js")],
        ["--import", script("first.mjs").replace(/^/, "file://")],
        ["--conditions", "worker"],
        ["-C", "worker"],
        ["--max-old-space-size=4096"],
        ["--no-warnings"],
        ["--enable-source-maps"],
        ["--unhandled-rejections", "warn"],
        ["--dns-result-order", "ipv4first"],
        ["--disable-proto", "delete"],
        ["--max-http-header-size", "65536"],
        ["--stack-trace-limit=50"],
        ["--v8-pool-size", "2"],
      ],
      0.12,
    ).flat();
  const bunOptions = () =>
    some(
      [
        ["--smol"],
        ["--env-file", text("A=1\n", ".env")],
        ["--preload", script("preload.js")],
        ["--conditions", "worker"],
        ["--install", "force"],
      ],
      0.2,
    ).flat();
  const denoOptions = () =>
    some(
      [["--no-prompt"], ["--env-file"], ["--no-lock"], ["--seed", "7"], ["--cached-only"], ["--location", "http://localhost/"]],
      0.25,
    ).flat();

  const nodeLike = (agent, id) =>
    by({ path: process.execPath, isReal: true }, "node", [...nodeOptions(), scriptOf(agent), ...saidTo(agent, id)]);
  const nativeLike = (agent, id) => run("native", [native("native", ...pick(natives[agent])), ...saidTo(agent, id)]);

  const kinds = {
    native: nativeLike,
    node: nodeLike,
    bun: (agent, id) => {
      const verbs = pick([["run"], [], ["run", "--silent"]]);
      return by(tool("bun"), "bun", [...verbs, ...bunOptions(), scriptOf(agent), ...saidTo(agent, id)]);
    },
    deno: (agent, id) => by(tool("deno"), "deno", ["run", "-A", ...denoOptions(), scriptOf(agent), ...saidTo(agent, id)]),
    electron: (agent, id) => by(tool("electron"), "electron", [script("pkg", ...pick(scripts.claude)), ...saidTo("claude", id)]),
    python: (_, id) => {
      const module = text("import time\ntime.sleep(3600)\n", "py", "aider.py");
      const started = pick([["-m", "aider"], [module], ["-X", "dev", "-u", module], ["-W", "ignore", "-m", "aider"]]);
      return by(tool("python3"), "python", [...started, ...saidTo("other", id)], { env: { PYTHONPATH: at("py") } });
    },
    loader: (agent, id) => {
      const options = pick([[], ["--library-path", "/nowhere"], ["--argv0", "agent"]]);
      const inner = chance(0.5)
        ? [shellCalled("sh", pick(["codex", "codex-linux-x64"])), ...saidTo("codex", id)]
        : [process.execPath, scriptOf(agent), ...saidTo(agent, id)];
      const path = loader ?? native("bin", "ld-linux-x86-64.so.2");
      return run("loader", [path, ...options, ...inner], { isStandIn: loader === undefined });
    },
    emulator: (agent, id) => {
      const { words } = nativeLike(agent, id);
      return by(tool(pick(["qemu-x86_64", "qemu-x86_64-static", "box64"])), "emulator", [...pick([[], ["-L", "/srv/root"]]), ...words]);
    },
    npx: (agent, id) => {
      const [name, target] = pick([
        ["claude", ["lib", "node_modules", "@anthropic-ai", "claude-code", "bin.js"]],
        ["codex", ["lib", "node_modules", "@openai", "codex", "bin", "codex.js"]],
      ]);
      command("project", name, text(`#!${process.execPath}\nsetInterval(() => {}, 1000);\n`, "npx", ...target));
      return by(tool("npx"), "npx", [...pick([[], ["--no"], ["--yes"]]), name, ...saidTo(name, id)], {
        cwd: at("project", ".").replace(/\/\.$/, ""),
      });
    },
    runner: (agent, id) => {
      const [name, ...words] = pick([
        ["pnpm", "dlx", "@anthropic-ai/claude-code"],
        ["pnpm", "--package", "@anthropic-ai/claude-code@latest", "dlx", "claude"],
        ["bunx", "@anthropic-ai/claude-code@2.1.332"],
        ["bunx", "--bun", "@anthropic-ai/claude-code"],
        ["yarn", "dlx", "-p", "@anthropic-ai/claude-code", "claude"],
        ["deno", "run", "-A", "npm:@anthropic-ai/claude-code"],
      ]);
      const path = native("runners", name);
      return run("runner", [path, ...words, ...saidTo("claude", id)], { isStandIn: true });
    },
    renamed: (agent, id) => {
      const parts = agent === "other" ? ["opencode"] : pick(natives[agent]);
      return run("renamed", [pick(["assistant", "hal", "-agent", "./run"]), ...saidTo(agent, id)], { path: native("native", ...parts) });
    },
    title: (agent, id) => {
      const title = pick([`claude --resume ${id}`, `codex resume ${id}`, `claude bg --session-id ${id}`]);
      const retitled = text(`process.title = process.env.TITLE;\nsetInterval(() => {}, 1000);\n`, "titled", "run.js");
      // A title has only the room that the arguments had.
      return run("title", [process.execPath, retitled, "x".repeat(200)], { env: { TITLE: title } });
    },
    "open file": (_, id) => {
      const writes = pick([
        text("", "codex", "elsewhere", "thread-writer-locks", `${id}.lock`),
        text("", "codex", "sessions", "2026", "11", "26", `rollout-2026-11-26T10-00-00-${id}.jsonl`),
      ]);
      return run("open file", [native("native", "codex"), "app-server", "--listen", "stdio://"], { writes: [writes], hidesId: true });
    },
    stranger: (_, id) => run("stranger", [native("unknown", pick(strangers)), ...saidTo("other", id)]),
  };
  const weights = {
    native: 6,
    node: 7,
    bun: 3,
    deno: 2,
    electron: 1,
    python: 2,
    loader: 2,
    emulator: 1,
    npx: 1,
    runner: 3,
    renamed: 2,
    title: 2,
    "open file": 2,
    stranger: 3,
  };
  const names = Object.entries(weights).flatMap(([name, weight]) => Array.from({ length: weight }, () => name));

  for (const verb of ["resume", "exec"]) text("read never\n", verb);
  const wrappers = [
    [["env"], ["A=1"]],
    [["env"], ["-u", "DEBUG", "B=2"]],
    [["nice"], ["-n", "5"]],
    [["timeout"], ["1h"]],
    [["timeout"], ["-k", "5", "3600"]],
    [["stdbuf"], ["-oL"]],
    [["setsid"], ["-w"]],
    [["flock"], []],
    [["nohup"], []],
    [["ionice"], ["-c", "3"]],
    [["sudo", "runs"], ["-n"]],
    [["xvfb-run", "runs"], ["-a"]],
    [["script"], ["-qec"], "quoted"],
    [["sh"], ["-c"], "exec"],
    [["bash"], ["-lc"], "quoted"],
    [["bash"], ["-c"], "exec"],
    [["sh"], ["-c"], "first"],
  ];
  let locks = 0;
  /** A wrapper around a launch. The words that are run are one argument of a shell's and of `script`'s. */
  const wrapped = (launch) => {
    const [named, given, how] = pick(wrappers);
    // Of two that wait for one lock the second would not run.
    const options = named[0] === "flock" ? [at("locks", String((locks += 1)))] : given;
    const { path, isReal } = tool(...named);
    const inside = launch.path === undefined ? launch.words : undefined;
    if (inside === undefined) return launch;
    const line = quoted(inside);
    const words =
      how === undefined
        ? inside
        : how === "exec"
          ? [`exec ${line}`]
          : how === "first"
            ? [`${line}; true`]
            : named[0] === "script"
              ? [line, "/dev/null"]
              : [line];
    return {
      ...launch,
      words: [path, ...options, ...words],
      kind: launch.kind,
      isStandIn: launch.isStandIn === true || !isReal,
      wrappers: [...(launch.wrappers ?? []), [named[0], ...(how === undefined ? [] : options)].join(" ")],
    };
  };

  return {
    draw: (id) => {
      let launch = kinds[pick(names)](pick(agents), id);
      const depth = pick([0, 0, 0, 1, 1, 2]);
      for (let level = 0; level < depth; level += 1) launch = wrapped(launch);
      return launch;
    },
  };
}
