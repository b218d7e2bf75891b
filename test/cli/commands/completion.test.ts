import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../../src/cli/declarations/commands.ts";
import { wantedAt } from "../../../src/cli/completion/wanted.ts";
import { formatNames } from "../../../src/registries/known.ts";
import { gonePid, idle, pretend } from "../../processes.ts";
import { leaveOut, newScratch, triedScratch, sessreap, toolWords, writeOld, type Scratch } from "../harness.ts";

/** What the hidden command offers after these words, the last of which is being typed. */
async function offered(scratch: Scratch, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await sessreap(scratch, ["__complete", "--", ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t")[0] ?? "");
}

const shown = commands.filter((command) => !("hidden" in command)).map(({ name }) => name);

function registryIn(scratch: Scratch, keys: readonly string[] = ["mars-audit", "mars-docs", "venus"]): string {
  const entries = Object.fromEntries(keys.map((key) => [key, { threadId: `thread-of-${key}`, registeredAt: "2026-01-01T00:00:00Z" }]));
  return writeOld(join(scratch.dir, "registrations.json"), JSON.stringify(entries));
}

test("at the start every command is offered, and none that is hidden", async () => {
  expect(await offered(newScratch(), "")).toEqual(shown);
});

test("options of the command are offered, those already given are not, repeatable ones are", async () => {
  const found = await offered(newScratch(), "sweep", "--grace", "1h", "--registry", "./x", "--");
  expect(found).toContain("--ttl");
  expect(found).toContain("--registry");
  expect(found).not.toContain("--grace");
});

test("without a command the options are those of the sweep", async () => {
  expect(await offered(newScratch(), "--dry")).toEqual(["--dry-run"]);
});

test("a registry can be a format or a file", async () => {
  const scratch = newScratch();
  registryIn(scratch);
  const found = await offered(scratch, "list", "--registry", "");
  expect(formatNames).toEqual(expect.arrayContaining(found.filter((word) => !word.startsWith("registrations") && !word.endsWith("/"))));
  expect(found).toEqual(expect.arrayContaining(["claude-sessions", "registrations.json"]));
  expect(await offered(scratch, "list", "--registry", "llmmsg-bridge:reg")).toEqual(["llmmsg-bridge:registrations.json"]);
});

test("a value after an equals sign keeps its option", async () => {
  expect(await offered(newScratch(), "list", "--color=a")).toEqual(["--color=auto", "--color=always"]);
});

test("keys are those of the registries that the words name", async () => {
  const scratch = newScratch();
  const registry = registryIn(scratch);
  expect(await offered(scratch, "explain", "--registry", registry, "mars")).toEqual(["mars-audit", "mars-docs"]);
});

test("a key that a terminal would act upon is not offered", async () => {
  const scratch = newScratch();
  const registry = registryIn(scratch, ["ok", "line\nbreak", "bell\u0007"]);
  expect(await offered(scratch, "explain", "--registry", registry, "")).toEqual(["ok"]);
});

test("restore offers what was reaped", async () => {
  const scratch = triedScratch();
  const registry = registryIn(scratch, ["gone"]);
  const { code } = await sessreap(scratch, ["--registry", registry, "--ttl", "1s", "--now"]);
  expect(code).toBe(0);
  expect(readFileSync(registry, "utf8")).toBe("{}");
  expect(await offered(scratch, "restore", "")).toEqual(["gone"]);
  expect(await offered(scratch, "restore", "--sweep", "")).toHaveLength(1);
});

test("a configuration that is wrong, or a registry that is torn, offers nothing and complains of nothing", async () => {
  const scratch = newScratch();
  const torn = writeOld(join(scratch.dir, "torn.json"), '{"a":');
  const wrong = writeOld(join(scratch.dir, "config.json"), '{"grce":"1m"}');
  expect(await offered(scratch, "explain", "--registry", torn, "")).toEqual([]);
  expect(await offered(scratch, "explain", "--config", wrong, "")).toEqual([]);
});

test("pids are those of the user's own processes, and of harnesses only where one can be ended", async () => {
  const scratch = newScratch();
  const [alive, agent, gone] = [await idle(), await pretend(scratch.dir, ["codex", "resume"]), await gonePid()];
  const all = await offered(scratch, "reap", "mars", "--despite", "");
  expect(all).toEqual(expect.arrayContaining([String(alive.pid), String(agent.pid)]));
  for (const absent of [gone.pid, process.pid, 1]) expect(all).not.toContain(String(absent));
  const harnesses = await offered(scratch, "owners", "--retire", "");
  expect(harnesses).toEqual(expect.arrayContaining(["older", String(agent.pid)]));
  expect(harnesses).not.toContain(String(alive.pid));
  expect(harnesses).not.toContain("pid");
});

test("users are those of this machine", async () => {
  expect(await offered(newScratch(), "units", "install", "--system", "roo")).toContain("root");
});

test("nothing is written while somebody types", async () => {
  const scratch = newScratch();
  const registry = registryIn(scratch);
  const before = [readdirSync(scratch.dir, { recursive: true }), readFileSync(registry, "utf8")];
  for (const words of [
    [""],
    ["explain", "--registry", registry, ""],
    ["sweep", "--now", "--registry", registry],
    ["restore", ""],
    ["reap", "--despite", ""],
  ]) {
    await offered(scratch, ...words);
  }
  expect([readdirSync(scratch.dir, { recursive: true }), readFileSync(registry, "utf8")]).toEqual(before);
});

test("after two dashes no option is offered", () => {
  expect(wantedAt(["explain", "--", "--re"])).toMatchObject({ kind: "words", candidates: [], placeholder: "key" });
});

test.each(["bash", "zsh", "fish"] as const)("the script for %s is the one that is checked in", async (shell) => {
  const file = { bash: "sessreap.bash", zsh: "_sessreap", fish: "sessreap.fish" }[shell];
  expect(await sessreap(newScratch(), ["completion", shell])).toMatchObject({
    code: 0,
    stdout: readFileSync(`completions/${file}`, "utf8"),
  });
});

/**
 * A program called sessreap that answers the shell's questions as the real one does, and when it is run says with which
 * words: so a test sees what pressing tab has made of a line.
 */
function onPath(scratch: Scratch): string {
  const bin = join(scratch.dir, "bin");
  mkdirSync(bin);
  const quoted = toolWords.map((word) => `'${word}'`).join(" ");
  const source = `#!/bin/sh\nif [ "$1" = __complete ]; then exec ${quoted} "$@"; fi\nprintf '<%s>' "$@" >> '${scratch.dir}/ran'\necho >> '${scratch.dir}/ran'\n`;
  writeFileSync(join(bin, "sessreap"), source);
  chmodSync(join(bin, "sessreap"), 0o755);
  return bin;
}

const has = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const interactive = {
  bash: { start: "bash --norc --noprofile -i", setup: (file: string) => `source '${file}'` },
  zsh: {
    start: "zsh -f -i",
    setup: (file: string) => `autoload -Uz compinit; compinit -D -u; setopt no_beep; zstyle ':completion:*' menu no; source '${file}'`,
  },
} as const;

/** Types lines into a real shell on a terminal of its own; `\t` is the tab key. */
function type(shell: "bash" | "zsh", scratch: Scratch, lines: readonly string[]): readonly string[] {
  const bin = onPath(scratch);
  const file = join(process.cwd(), "completions", shell === "bash" ? "sessreap.bash" : "_sessreap");
  const { start, setup } = interactive[shell];
  const env = { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}`, TERM: "dumb", ZDOTDIR: scratch.home };
  const input = [setup(file), ...lines, "exit", ""].join("\n");
  const { error } = spawnSync("script", ["-qec", start, "/dev/null"], { cwd: scratch.dir, env, input, timeout: 50_000 });
  if (error !== undefined) throw error;
  return readFileSync(join(scratch.dir, "ran"), "utf8").trimEnd().split("\n");
}

const typed = [
  ["sessreap exp\tmars-a\t", "<explain>"],
  ["sessreap list --app\tunix\t", "<list><--app-server><unix://>"],
  ["sessreap list --color=alw\t", "<list><--color=always>"],
  ["sessreap explain --registry registrations.json ven\t", "<explain><--registry><registrations.json><venus>"],
  ["sessreap explain --registry llmmsg-bridge:regis\tspace\\ i\t", "<explain><--registry><llmmsg-bridge:registrations.json><space in it>"],
  [
    "sessreap explain --registry llmmsg-bridge:registrations.json colon:x\t",
    "<explain><--registry><llmmsg-bridge:registrations.json><colon:x:y>",
  ],
] as const;

for (const shell of ["bash", "zsh"] as const) {
  const isThere = has(shell) && has("script");
  if (!isThere) leaveOut(`completion in a real ${shell}`, `${shell} or script is not installed (apt-get install ${shell} bsdutils)`);
  test.runIf(isThere)(`a real ${shell} completes commands, options, values, files and keys`, () => {
    const scratch = newScratch();
    registryIn(scratch, ["mars-audit", "venus", "space in it", "colon:x:y"]);
    const ran = type(
      shell,
      scratch,
      typed.map(([line]) => line),
    );
    // Without a registry there is no key to offer, so the first line keeps what was typed.
    expect(ran).toEqual(["<explain><mars-a>", ...typed.slice(1).map(([, words]) => words)]);
  });
}

if (!has("fish")) leaveOut("completion in a real fish", "fish is not installed (apt-get install fish)");
test.runIf(has("fish")).each([
  ["sessreap exp", "explain"],
  ["sessreap list --app", "--app-server"],
  ["sessreap explain --registry registrations.json ven", "venus"],
  ["sessreap explain --registry registrations.json 'space i", "space in it"],
  ["sessreap list --registry llmmsg-bridge:regis", "llmmsg-bridge:registrations.json"],
  ["sessreap list --color=alw", "--color=always"],
])("a real fish completes %j", (line, word) => {
  const scratch = newScratch();
  registryIn(scratch, ["mars-audit", "venus", "space in it"]);
  const env = { ...scratch.env, PATH: `${onPath(scratch)}:${scratch.env["PATH"]}` };
  const source = `source ${join(process.cwd(), "completions/sessreap.fish")}; complete -C (cat)`;
  const { stdout } = spawnSync("fish", ["--no-config", "-c", source], { cwd: scratch.dir, env, input: line, encoding: "utf8" });
  expect(stdout.split("\n").map((answer) => answer.split("\t")[0])).toContain(word);
});
