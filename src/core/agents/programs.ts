/** How a program is told to run another one: a runtime and its script, a package runner and its package, an emulator. */
export type Launcher = {
  /** Options whose value is an argument of its own, so that it is not taken for what is run. */
  readonly values: ReadonlySet<string>;
  /** Words that stand before what is run: `bun run`, `pnpm dlx`. */
  readonly verbs: ReadonlySet<string>;
  /** Options after which an argument is code, and nothing is run by its name. */
  readonly code: ReadonlySet<string>;
  /** Only a script is run; any other argument is a file to open. */
  readonly scriptsOnly: boolean;
};

/**
 * The programs that sessreap tells apart by their names. A program that is on no list costs a session its `live` and
 * leaves it a doubt. Only readers and onlookers take a doubt away.
 */
export type ProgramLists = {
  /** Agents by the names of their programs and of their scripts. */
  readonly agents: ReadonlyMap<string, string>;
  /** Agents by the packages that hold them. */
  readonly packages: ReadonlyMap<string, string>;
  /** Agents that an operator names: literals and `*`. */
  readonly declared: readonly string[];
  readonly launchers: ReadonlyMap<string, Launcher>;
  /** Programs that only look at what their arguments name. */
  readonly readers: ReadonlySet<string>;
  /** Programs that do what they are called, under any name: there `argv[0]` tells a reader. */
  readonly manyInOne: ReadonlySet<string>;
  /** What may stand between a command of ours and the agent that gave it. */
  readonly carriers: ReadonlySet<string>;
  /** Programs that carry sessions without running them, as an operator says: literals and `*`. */
  readonly onlookers: readonly string[];
};

/** Does a name match a pattern of literals and `*`? */
export function matchesName(name: string, pattern: string): boolean {
  const [start = "", ...others] = pattern.split("*");
  const end = others.pop();
  if (end === undefined) return name === pattern;
  if (!name.startsWith(start)) return false;
  let from = start.length;
  for (const part of others) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - from >= end.length && name.endsWith(end);
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");
const set = (text: string): ReadonlySet<string> => new Set(words(text));

/** Each line is an agent's name, and what else its programs, scripts and version directories are called. */
const agentNames = `
  claude claude-code ccd-cli claude-agent-sdk claude_code claude_agent_sdk
  codex codex-cli
  code
  coder
  qwen qwen-code
  gemini gemini-cli
  copilot copilot-cli
  cline
  opencode opencode-ai
  omx oh-my-codex
  happy happy-coder
  amp
  aider
  goose
  cursor-agent
  kiro-cli
  droid
  crush
  auggie
  openhands
  kimi kimi-cli
  vibe mistral-vibe
  iflow iflow-cli
  codebuff
  kilo kilocode
  pi-coding-agent`;

const agentPackages = `
  claude @anthropic-ai/claude-code @anthropic-ai/claude-agent-sdk
  codex @openai/codex
  code @just-every/code
  qwen @qwen-code/qwen-code
  gemini @google/gemini-cli
  copilot @github/copilot
  omx oh-my-codex
  opencode opencode-ai
  happy happy-coder
  amp @sourcegraph/amp @ampcode/cli
  auggie @augmentcode/auggie
  kilo @kilocode/cli
  pi-coding-agent @mariozechner/pi-coding-agent`;

/** One line an entry: the first word is what every other word of the line stands for. */
function table(text: string, isNameToo: boolean): ReadonlyMap<string, string> {
  const rows = text.split("\n").map(words);
  return new Map(
    rows.flatMap(([name, ...others]) => [...(isNameToo && name !== undefined ? [name] : []), ...others].map((word) => [word, name ?? ""])),
  );
}

const launcher = (values: string, verbs = "", code = "", scriptsOnly = false): Launcher => ({
  values: set(values),
  verbs: set(verbs),
  code: set(code),
  scriptsOnly,
});

/** `node --help` of 20, 22 and 24; options of V8 take their value behind `=` only. */
const nodeValues =
  "-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists --input-type --title --icu-data-dir " +
  "--inspect-port --inspect-publish-uid --openssl-config --redirect-warnings --trace-event-categories --trace-event-file-pattern " +
  "--tls-cipher-list --tls-keylog --unhandled-rejections --dns-result-order --diagnostic-dir --disable-warning --disable-proto " +
  "--allow-fs-read --allow-fs-write --cpu-prof-dir --cpu-prof-interval --cpu-prof-name --heap-prof-dir --heap-prof-interval --heap-prof-name " +
  "--heapsnapshot-signal --heapsnapshot-near-heap-limit --max-http-header-size --network-family-autoselection-attempt-timeout " +
  "--report-dir --report-directory --report-filename --report-signal --secure-heap --secure-heap-min --use-largepages --v8-pool-size " +
  "--experimental-default-type --experimental-config-file --experimental-policy --experimental-sea-config --policy-integrity --security-revert " +
  "--localstorage-file --snapshot-blob --build-snapshot-config --watch-path --watch-kill-signal --trace-require-module";
/** `bun --help` of 1.4. */
const bunValues =
  "-r --preload --require --import -c --config --cwd --env-file --tsconfig-override -d --define -l --loader --conditions --port -F --filter " +
  "--install --shell --elide-lines --drop --feature --main-fields --extension-order --title --user-agent --cron-title --cron-period " +
  "--cpu-prof-dir --cpu-prof-interval --cpu-prof-name --heap-prof-dir --heap-prof-interval --heap-prof-name --fetch-preconnect " +
  "--max-http-header-size --dns-result-order --redirect-warnings --disable-warning --unhandled-rejections --console-depth " +
  "--watch-kill-signal --jsx-factory --jsx-fragment --jsx-import-source --jsx-runtime";
/** `deno run --help=full` of 2.9. Many other options, `--env-file` among them, take their value behind `=` only. */
const denoValues =
  "-c --config --import-map --location --seed --cert --ext --lock --preload --require --conditions --node-modules-linker --min-dep-age " +
  "--inspect-publish-uid";
const runnerValues =
  "-p --package --registry --cache --prefix -w --workspace --userconfig --loglevel --python --with --from --index-url --spec";
const emulatorValues = "-L -E -U -0 -s -cpu -B -R -d -D -g -p -seed -plugin -dfilter -one-insn-per-tb";
const loaderValues = "--library-path --preload --argv0 --inhibit-rpath --audit --glibc-hwcaps-prepend --glibc-hwcaps-mask";

const node = launcher(nodeValues, "", "-e --eval -p --print -pe");
const electron = launcher(nodeValues, "", "", true);
const python = launcher("-W -X --check-hash-based-pycs", "", "-c");
const runner = launcher(runnerValues, "exec x dlx run tool", "-c --call");
const emulator = launcher(emulatorValues);
const named = (names: string, value: Launcher): readonly (readonly [string, Launcher])[] => words(names).map((name) => [name, value]);

/** Names without their versions; those of loaders and of emulators are told by `launcherCalled`. */
const launchers: ProgramLists["launchers"] = new Map([
  ...named("node nodejs tsx ts-node", node),
  ...named("electron code code-oss code-insiders codium vscodium cursor windsurf", electron),
  ["bun", launcher(bunValues, "run x", "-e --eval -p --print")],
  ["deno", launcher(denoValues, "run x serve", "eval")],
  ...named("python pypy", python),
  ...named("npx npx-cli npm npm-cli pnpm pn pnpx pnx yarn bunx uv uvx pipx", runner),
  ["corepack", launcher("", "pnpm yarn npm exec dlx x run")],
  ["ld.so", launcher(loaderValues)],
  ...named("qemu box64 box86 FEXInterpreter FEXLoader FEX rosetta blink", emulator),
]);

/** The launcher that a program is, a version or a platform in its name aside. */
export function launcherCalled(program: string, { launchers: known }: Pick<ProgramLists, "launchers">): Launcher | undefined {
  if (/^ld(?:-linux[\w-]*|-musl[\w-]*|64|-[\d.]+)?\.so(?:\.\d+)*$/.test(program)) return known.get("ld.so");
  if (/^qemu-\w+(?:-static|-binfmt)?$/.test(program)) return known.get("qemu");
  return known.get(program) ?? known.get(program.replace(/[-.]?v?\d[\d.]*$/, ""));
}

const readers = set(`
  grep egrep fgrep rg ag ugrep less more most pg tail head cat tac bat batcat zcat jq yq gron xxd hexdump hd od strings
  ps pgrep pidof top htop btop atop lsof fuser strace ltrace bpftrace find fd fdfind locate plocate ls eza stat file wc du tree diff cmp
  sort uniq cut nl column md5sum sha1sum sha256sum b2sum cksum inotifywait journalctl tmux screen SCREEN zellij dtach abduco`);

/** What sessreap knows by name. A configuration adds to `declared` and to `onlookers`. */
export const knownPrograms: ProgramLists = {
  agents: table(agentNames, true),
  packages: table(agentPackages, false),
  declared: [],
  launchers,
  readers,
  manyInOne: set("busybox toybox coreutils uutils"),
  carriers: set(
    "sh bash dash zsh fish ksh mksh ash busybox sudo su doas run0 pkexec env nice ionice nohup setsid timeout time stdbuf watch xargs script " +
      "npm npx npm-cli npx-cli pnpm yarn bunx make just",
  ),
  onlookers: [],
};
