import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, dictionary, array, property, string, stringMatching } from "fast-check";
import { describe, expect, test, type TestContext } from "vitest";
import { cronTable } from "../../../src/systemd/elsewhere/cron.ts";
import { launchdAgent } from "../../../src/systemd/elsewhere/launchd.ts";
import { unpackedPackage } from "../../debian.ts";
import { parsePlist, type Plist } from "../../plist.ts";
import { gonePid, launch, stop, until } from "../../processes.ts";
import { isRoot } from "../../users.ts";
import { daysAgo, declareRegistry, leaveOut, newScratch, sessreap, writeOld, type Scratch } from "../harness.ts";

describe("a launchd agent", () => {
  /** The keys that launchd.plist(5) of macOS documents, as far as they are used, with their types. */
  const documented: Readonly<Record<string, string>> = {
    Label: "string",
    ProgramArguments: "strings",
    EnvironmentVariables: "dictionary of strings",
    KeepAlive: "boolean",
    RunAtLoad: "boolean",
    StartInterval: "integer",
    ThrottleInterval: "integer",
    ProcessType: "string",
    LowPriorityIO: "boolean",
    Nice: "integer",
    StandardErrorPath: "string",
  };
  const areStrings = (values: readonly unknown[]): boolean => values.every((one) => typeof one === "string");

  function typeOf(value: Plist): string {
    if (typeof value === "number") return Number.isInteger(value) ? "integer" : "real";
    if (typeof value !== "object") return typeof value;
    if (Array.isArray(value)) return areStrings(value) ? "strings" : "list";
    return areStrings(Object.values(value)) ? "dictionary of strings" : "dictionary";
  }

  test.each([[[]], [["--watch"]]])("as it is printed with %j, has documented keys alone, each of its type", async (words) => {
    const scratch = newScratch();
    const { code, stdout, stderr } = await sessreap(scratch, ["units", "print", "--launchd", ...words], {
      env: { CODEX_HOME: "/srv/<a> & b" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const agent = parsePlist(stdout) as Readonly<Record<string, Plist>>;
    expect(Object.entries(agent).map(([key, value]) => [key, typeOf(value)])).toEqual(
      Object.keys(agent).map((key) => [key, documented[key]]),
    );
    expect(agent).toMatchObject({
      ProcessType: "Background",
      EnvironmentVariables: { CODEX_HOME: "/srv/<a> & b" },
      StandardErrorPath: join(scratch.home, "Library/Logs/sessreap.log"),
      ...(words.length === 0 ? { Label: "sessreap", StartInterval: 300 } : { Label: "sessreap-watch", KeepAlive: true }),
    });
    const [program, ...rest] = agent["ProgramArguments"] as readonly string[];
    expect(existsSync(program as string)).toBe(true);
    expect(rest.slice(words.length === 0 ? -3 : -1)).toEqual(words.length === 0 ? ["sweep", "--timer", "--quiet"] : ["watch"]);
  });

  const isRead = spawnSync("python3", ["-c", "import plistlib"]).status === 0;
  if (!isRead) leaveOut("a launchd agent as plistlib reads it", "there is no python3 with it");

  test("holds every word as it is, whatever stands in it", () => {
    const word = string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ""));
    const seen: string[] = [];
    assert(
      property(array(word, { minLength: 1 }), dictionary(stringMatching(/^[A-Z_]{1,9}$/), word), (command, environment) => {
        const text = launchdAgent({ command, environment, watch: false, log: "/log" });
        if (seen.length < 50) seen.push(text);
        expect(parsePlist(text)).toMatchObject({
          ProgramArguments: [...command, "sweep", "--timer", "--quiet"],
          ...(Object.keys(environment).length > 0 && { EnvironmentVariables: environment }),
        });
      }),
    );
    if (!isRead) return;
    const program = "import json, plistlib, sys; print(json.dumps([plistlib.loads(one.encode()) for one in json.load(sys.stdin)]))";
    const read = execFileSync("python3", ["-c", program], { input: JSON.stringify(seen), encoding: "utf8" });
    expect(JSON.parse(read)).toEqual(seen.map((text) => parsePlist(text)));
  });

  test("a reader that takes anything would prove nothing", () => {
    const good = launchdAgent({ command: ["/bin/x"], environment: {}, watch: true, log: "/log" });
    for (const [from, to] of [
      ["</dict>", ""],
      ["<true/>", "<yes/>"],
      ["/bin/x", "a & b"],
      ["/bin/x", "a < b"],
      ["<!-- ", "<!-- -- "],
      ["<key>Nice", "<key>Label"],
    ] as const)
      expect(() => parsePlist(good.replace(from, to)), `${from} → ${to}`).toThrow(/^(?:open|close|empty|text|no|a key|something) /);
  });
});

describe("a table for cron", () => {
  test("is one line, in which a percent sign ends nothing", () => {
    const environment = { CODEX_HOME: "/srv/50% of it" };
    expect(cronTable({ command: ["/usr/bin/it's"], environment, user: undefined }).split("\n")).toEqual([
      expect.stringMatching(/^# /),
      "*/5 * * * * env 'CODEX_HOME=/srv/50\\% of it' nice -n 10 '/usr/bin/it'\\''s' sweep --timer --quiet >/dev/null",
      "",
    ]);
    expect(cronTable({ command: ["/usr/bin/sessreap"], environment: {}, user: "alice" })).toContain("\n*/5 * * * * alice nice ");
  });

  test.each<[readonly string[], string]>([
    [["install", "--cron"], "units install has no --cron; it is an option of units print"],
    [["uninstall", "--launchd"], "units uninstall has no --launchd; it is an option of units print"],
    [["print", "--cron", "--launchd"], "--cron and --launchd exclude each other"],
    [["print", "--cron", "--watch"], "--watch: cron keeps nothing up"],
    [["print", "--launchd", "--follow", "a.service"], "--follow: launchd knows no other units"],
    [["print", "--launchd", "--system", "root"], "a launchd agent is a user's own"],
    [["print", "--cron", "--system", "no-such-user"], 'there is no user "no-such-user"'],
  ])("units %j is a mistake", async (words, said) => {
    const { code, stdout, stderr } = await sessreap(newScratch(), ["units", ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(said);
  });
});

/** Debian's cron: this machine's, else that of the package. */
function cronPrograms(): string {
  if (existsSync("/usr/sbin/cron") && existsSync("/usr/bin/crontab")) return "/usr";
  return join(unpackedPackage("cron"), "usr");
}

/**
 * A machine of cron's own: its spool, its locks and its rules of admission are nobody else's, no job of this machine is there,
 * and root is at home in the scratch, which is looked at before anything runs.
 */
const furnish = `set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/pam.d
printf 'auth required pam_permit.so\\naccount required pam_permit.so\\nsession required pam_permit.so\\n' > /etc/pam.d/cron
mount -t tmpfs tmpfs /var/spool && mkdir -p /var/spool/cron/crontabs
[ ! -e /etc/crontab ] || mount --bind /dev/null /etc/crontab
[ ! -d /etc/cron.d ] || mount -t tmpfs tmpfs /etc/cron.d
mount --bind "$HOME/passwd" /etc/passwd
[ "$(getent passwd root | cut -d: -f6)" = "$HOME" ]
exec "$@"`;

const unshared = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", furnish, "sh"] as const;

function needs(context: TestContext): string {
  const leave = (why: string): never => {
    leaveOut("cron itself, which runs the line that is printed for it", why);
    return context.skip();
  };
  if (!isRoot) return leave("it takes root");
  if (spawnSync("unshare", ["--mount", "/bin/true"]).status !== 0) return leave("namespaces are refused");
  try {
    return cronPrograms();
  } catch (error) {
    return leave(String(error));
  }
}

/** What is printed, as cron and not a person runs it: at its start, for five minutes are long. */
const atStart = (table: string): string => table.replaceAll("*/5 * * * *", "@reboot");

async function ghostOf(scratch: Scratch): Promise<string> {
  const path = declareRegistry(scratch, {}, { pidNamespace: "own" });
  return writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since: daysAgo(1) } }));
}

test.for<readonly [string, readonly string[], string]>([
  ["a user's own", [], '"$1"/bin/crontab - < "$HOME/table" && "$1"/bin/crontab -l > "$HOME/listed"'],
  ["the system's", ["--system", "root"], 'mkdir -p /etc/cron.d && tee /etc/cron.d/sessreap-root < "$HOME/table" > "$HOME/listed"'],
])("cron runs the line of %s table as it is printed, and doctor sees that something sweeps", async ([, words, put], context) => {
  const usr = needs(context);
  const scratch = newScratch();
  const path = await ghostOf(scratch);
  // Everything that a shell, cron's table and a password file could take for their own, and its state where only the line says.
  const state = join(scratch.dir, `50% of it's "all" $HOME \\ \`x\``);
  mkdirSync(state);
  const env = { ...scratch.env, XDG_STATE_HOME: state, SESSREAP_STATE_DIR: "" };
  const { stdout: table } = await sessreap(scratch, ["units", "print", "--cron", ...words], { env });
  const users = readFileSync("/etc/passwd", "utf8").replace(/^root:.*$/m, `root:x:0:0:root:${scratch.home}:/bin/sh`);
  writeFileSync(join(scratch.home, "passwd"), users);
  writeFileSync(join(scratch.home, "table"), `${table}${atStart(table)}`);
  const script = `${put} && exec "$1"/sbin/cron -f`;
  const [file, ...rest] = [...unshared, "sh", "-c", script, "sh", usr];
  const child = launch(file, rest, { env: { HOME: scratch.home, PATH: scratch.env["PATH"] }, stdio: ["ignore", "ignore", "inherit"] });
  await until("cron's sweep took the ghost", () => readFileSync(path, "utf8").trim() === "{}");
  await until("the sweep is recorded", () => /"finished":"/.test(readFileSync(join(state, "sessreap/last-run.json"), "utf8")));
  await stop({ child });
  const under = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh"];
  const { stdout } = await sessreap(scratch, ["doctor", "--json"], { env, under });
  const { guards } = JSON.parse(stdout) as { readonly guards: readonly { readonly guard: string }[] };
  expect(guards.find(({ guard }) => guard === "timer")).toMatchObject({ name: "sessreap sweep --timer", posture: "on", cure: null });
  expect(readFileSync(join(scratch.home, "listed"), "utf8")).toContain(table.split("\n")[1]);
});
