import { agentArguments, harnessAgentOf } from "./agents.ts";

/** Options of Codex and Every Code whose value is an argument of its own (codex 0.169.0, `--help`). */
const valueOptions: ReadonlySet<string> = new Set(
  (
    "-c --config --enable --disable --remote --remote-auth-token-env -i --image -m --model --local-provider -p --profile -s --sandbox " +
    "-C --cd --add-dir --thread-source --cyber-access-program --output-schema --color -o --output-last-message -a --ask-for-approval"
  ).split(" "),
);

/** Options without a value that often stand right before a prompt. */
const plainOptions: ReadonlySet<string> = new Set(
  (
    "--strict-config --oss --approve-for-me --dangerously-bypass-approvals-and-sandbox --dangerously-bypass-hook-trust --worktree " +
    "--skip-git-repo-check --trust --ephemeral --ignore-user-config --ignore-rules --json --last --all --include-non-interactive " +
    "--search --no-alt-screen --no-daemon --full-auto --yolo"
  ).split(" "),
);

const verbs: ReadonlySet<string> = new Set(["resume", "exec", "e"]);

/** Subcommands that serve many sessions or none: such a process is no background child, and no harness either. */
const services: ReadonlySet<string> = new Set([
  "app-server",
  "daemon",
  "mcp",
  "mcp-server",
  "exec-server",
  "remote-control",
  "bg-spare",
  "bg-pty-host",
]);

/** The same, said by an option that comes first. */
const serviceOptions: ReadonlySet<string> = new Set(["--bg-spare", "--bg-pty-host"]);

/** An id is one word; what holds a blank is a prompt. */
function asId(token: string | undefined): string | undefined {
  return token === undefined || token.startsWith("-") || /\s/.test(token) || token === "" ? undefined : token;
}

/** The words of a command line that are neither options nor their values, up to `--`. */
function words(args: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const token = args[i] as string;
    if (token === "--") break;
    if (!token.startsWith("-") || token === "-") {
      found.push(token);
      continue;
    }
    if (token.includes("=") || plainOptions.has(token)) continue;
    const next = args[i + 1];
    // No list has every option: the word behind an unknown one is taken for its value, unless it is a verb.
    if (valueOptions.has(token) || (next !== undefined && !next.startsWith("-") && !verbs.has(next))) i += 1;
  }
  return found;
}

/** `resume ID` and `exec resume ID`, with the verb where a verb stands; the same words inside a prompt are a prompt. */
function resumed(args: readonly string[]): string | undefined {
  if (args.includes("--last")) return undefined;
  const [first, second, third] = words(args);
  if (first === "resume") return asId(second);
  return (first === "exec" || first === "e") && second === "resume" ? asId(third) : undefined;
}

function optionValue(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, token] of args.entries()) {
    if (token === "--") return undefined;
    if (names.includes(token)) return asId(args[index + 1]);
    const name = names.find((option) => token.startsWith(`${option}=`));
    if (name !== undefined) return asId(token.slice(name.length + 1));
  }
  return undefined;
}

/**
 * The session that an agent was told to run, or undefined. Stricter than "the id is among its tokens": a background
 * child whose prompt quotes an id runs another session. Forking starts a session of its own.
 */
export function sessionOf(argv: readonly string[]): string | undefined {
  const agent = harnessAgentOf(argv);
  if (agent === undefined) return undefined;
  const args = agentArguments(argv);
  const given = optionValue(args, ["--session-id"]);
  if (given !== undefined) return given;
  if (agent === "claude" && !args.includes("--fork-session")) {
    const continued = optionValue(args, ["--resume", "-r"]);
    if (continued !== undefined) return continued;
  }
  return resumed(args);
}

/** Does this argv serve other sessions (an app server, a daemon) instead of running one? */
export function isService(argv: readonly string[]): boolean {
  const args = agentArguments(argv);
  const [first, second] = words(args);
  return services.has(first ?? "") || serviceOptions.has(args[0] ?? "") || (first === "debug" && second === "app-server");
}
