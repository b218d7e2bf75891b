import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Guard } from "../../../src/report/model/guards.ts";
import { unpackedPackage } from "../../debian.ts";
import { fields } from "../../fields.ts";
import { gonePid } from "../../processes.ts";
import { isRoot } from "../../users.ts";
import { copiedTool, daysAgo, leaveOut, newScratch, sessreap, type Scratch } from "../harness.ts";

if (!isRoot)
  leaveOut("users without an account, homes that are not there, and a machine with nothing but BusyBox", "only root can make them");

/** A user that no account has. */
const stranger = 47_110;

type Place = readonly [what: string, under: (scratch: Scratch) => readonly string[], env: Readonly<Record<string, string>>];

const places: readonly Place[] = [
  ["a directory that was removed", () => ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"], {}],
  [
    "a directory that this user may not read, by a user without an account and a home",
    () => [
      "sh",
      "-c",
      `mkdir -p shut && cd shut && chmod 700 . && exec setpriv --reuid ${stranger} --regid ${stranger} --clear-groups -- "$@"`,
      "sh",
    ],
    { HOME: "", SESSREAP_STATE_DIR: "" },
  ],
];

/** What each command ends with there: 1 is for what a home would have to hold. */
const commands: readonly (readonly [line: string, code: number])[] = [
  ["list", 0],
  ["-n", 0],
  ["doctor", 0],
  ["owners", 0],
  ["config", 0],
  ["history", 0],
  ["explain ghost", 1],
  ["units install -n", 2],
  ["units print --cron --system root", 0],
];

describe.runIf(isRoot).each(places)("in %s", (_, under, env) => {
  test.each(commands)("sessreap %s ends with %i, and with no fault of its own", async (line, expected) => {
    const scratch = newScratch();
    chmodSync(scratch.dir, 0o755);
    const { code, stdout, stderr } = await sessreap(scratch, line.split(" "), { under: under(scratch), tool: copiedTool(scratch), env });
    expect(`${stdout}${stderr}`).not.toContain("a fault in sessreap");
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.any(String) });
  });
});

/** BusyBox as one file: this machine's where it needs no library, else the package's. */
function busybox(): string {
  const here = "/bin/busybox";
  return existsSync(here) && spawnSync("ldd", [here]).status !== 0 ? here : join(unpackedPackage("busybox-static"), "bin/busybox");
}

describe.runIf(isRoot)("a machine that has BusyBox and this Node and nothing else, from the npm package", () => {
  const root = mkdtempSync(join(tmpdir(), "sessreap-busybox-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let [why, packed]: [string | undefined, string] = [undefined, ""];

  const copyIn = (path: string): void => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  };
  const enter = 'mount -t proc proc "$1/proc" && mount --bind /dev/null "$1/dev/null" && exec chroot "$@"';
  const inside = (...words: readonly string[]) => {
    const env = ["env", "-i", "PATH=/bin", "HOME=/root", "SESSREAP_PID_NAMESPACE=own"];
    const around = ["--mount", "--pid", "--fork", "/bin/sh", "-c", enter, "sh", root, "/bin/busybox", ...env];
    const { status, stdout, stderr } = spawnSync("unshare", [...around, ...words], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"] },
    });
    return { code: status, stdout, stderr };
  };
  const tool = (...words: readonly string[]) => inside("/bin/node", "/opt/package/bin/sessreap.cjs", ...words);

  beforeAll(() => {
    try {
      for (const place of ["bin", "proc", "dev", "tmp", "etc", "root/.config/sessreap", "opt"])
        mkdirSync(join(root, place), { recursive: true });
      chmodSync(join(root, "tmp"), 0o1777);
      writeFileSync(join(root, "dev/null"), "");
      copyFileSync(busybox(), join(root, "bin/busybox"));
      const node = realpathSync(process.execPath);
      copyFileSync(node, join(root, "bin/node"));
      for (const library of execFileSync("ldd", [node], { encoding: "utf8" }).match(/\/\S+/g) ?? []) copyIn(library);
      packed = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", root], { encoding: "utf8" }).trim();
      execFileSync("tar", ["-xzf", join(root, packed), "-C", join(root, "opt")]);
      for (const one of ["bin/busybox", "bin/node"]) chmodSync(join(root, one), 0o755);
      const linked = inside("/bin/busybox", "--install", "-s", "/bin");
      if (linked.code !== 0) throw new Error(linked.stderr);
    } catch (error) {
      why = String(error);
      leaveOut("a machine with nothing but BusyBox", why);
    }
  }, 120_000);

  async function scene(): Promise<{ readonly agents: string; readonly marker: string }> {
    const { pid } = await gonePid();
    const agents = JSON.stringify({ ghost: { pid: 31_999, since: daysAgo(20) } });
    writeFileSync(join(root, "root/agents.json"), agents);
    const marker = join(root, `root/.orchestrator-state/active-session-${pid + 40_000}`);
    mkdirSync(dirname(marker), { recursive: true });
    writeFileSync(marker, "");
    for (const path of [marker, join(root, "root/agents.json")]) execFileSync("touch", ["-d", "20 days ago", path]);
    const registries = [
      { format: "keyed-json", path: "/root/agents.json", fields, about: "session" },
      { format: "pid-files", path: "/root/.orchestrator-state" },
    ];
    writeFileSync(join(root, "root/.config/sessreap/config.json"), JSON.stringify({ wellKnown: false, registries }));
    return { agents, marker };
  }

  test("sweeps entry files and puts them back, keeps what it could not keep whole, and doctor says what is weaker", async (context) => {
    if (why !== undefined) return context.skip();
    const { agents, marker } = await scene();
    expect(tool("-n")).toMatchObject({ code: 0, stdout: expect.stringContaining("2 ghosts (2 would be reaped) (dry run)") });
    const swept = tool("--now", "-q");
    expect(swept.stdout).toContain("1 reaped");
    expect(swept).toMatchObject({ code: 3, stderr: expect.stringContaining("install perl, coreutils or getfattr") });
    expect(existsSync(marker)).toBe(false);
    expect(readFileSync(join(root, "root/agents.json"), "utf8")).toBe(agents);
    expect(tool("restore", "--sweep", "last").code).toBe(0);
    expect(existsSync(marker)).toBe(true);
    const { guards } = JSON.parse(tool("doctor", "--json").stdout) as { readonly guards: readonly Guard[] };
    expect(guards.find(({ guard }) => guard === "swap")).toMatchObject({ posture: "off", cause: "swap-impossible", cure: "install perl" });
    expect(guards.find(({ guard }) => guard === "signals")).toMatchObject({ posture: "on", cause: "weak-signals" });
    expect(guards.find(({ guard }) => guard === "timer")).toMatchObject({ posture: "off", cause: "no-manager" });
    expect(tool("units", "print", "--cron").code).toBe(0);
  });

  test("the package holds nothing but text", () => {
    if (why !== undefined) return;
    const names = execFileSync("tar", ["-tzf", join(root, packed)], { encoding: "utf8" })
      .trim()
      .split("\n");
    expect(names.length).toBeGreaterThan(20);
    const bent = names.filter((name) => {
      const bytes = readFileSync(join(root, "opt", name));
      return bytes.includes(0) || !bytes.equals(Buffer.from(bytes.toString("utf8")));
    });
    expect(bent).toEqual([]);
    const { dependencies, optionalDependencies, scripts } = JSON.parse(
      readFileSync(join(root, "opt/package/package.json"), "utf8"),
    ) as Record<string, unknown>;
    expect([dependencies, optionalDependencies]).toEqual([undefined, undefined]);
    expect(Object.keys(scripts as object).filter((name) => name.endsWith("install"))).toEqual([]);
  });
});
