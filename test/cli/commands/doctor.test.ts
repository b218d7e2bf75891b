import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { olderLockAddress } from "../../../src/host/state/run-lock.ts";
import type { Guard } from "../../../src/report/model/guards.ts";
import { gonePid, start, stop } from "../../processes.ts";
import { daysAgo, declareRegistry, leaveOut, newScratch, parseOnly, sessreap, writeOld, type Scratch } from "../harness.ts";
import { isRoot, nobody } from "../../users.ts";

async function guards(
  scratch: Scratch,
  env: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Promise<readonly Guard[]> {
  const { stdout, stderr } = await sessreap(scratch, ["doctor", "--json"], { env, under });
  return (parseOnly(stdout, stderr) as { readonly guards: readonly Guard[] }).guards;
}

const guard = (all: readonly Guard[], kind: string): Guard | undefined => all.find((one) => one.guard === kind);

const isLinux = process.platform === "linux";
if (!isLinux) leaveOut("what doctor says of the swap and of the lock", "leases and abstract sockets are for Linux only");

test.runIf(isLinux)("doctor says how a registry would be swapped, and that it would be weaker without perl", async () => {
  const scratch = newScratch();
  writeOld(declareRegistry(scratch), "{}");
  expect(guard(await guards(scratch), "swap")).toMatchObject({ posture: "on", cause: "fine", cure: null });
  const bin = join(scratch.dir, "bin");
  mkdirSync(bin);
  symlinkSync("/bin/true", join(bin, "true"));
  const none = guard(await guards(scratch, { PATH: bin }), "swap");
  expect(none).toMatchObject({ posture: "off", cause: "swap-impossible", detail: expect.stringContaining("install perl") });
  writeFileSync(join(bin, "getfattr"), "#!/bin/sh\nexit 0\n");
  chmodSync(join(bin, "getfattr"), 0o755);
  const weaker = guard(await guards(scratch, { PATH: bin }), "swap");
  // Where a process may not be looked at, it counts as one that writes.
  expect(["weak-swap", "swap-impossible"]).toContain(weaker?.cause);
  expect(weaker?.detail).toMatch(/compare|may not be looked at/);
});

const canMount = isLinux && spawnSync("unshare", ["-m", "mount", "--bind", "/etc/hostname", "/etc/hostname"]).status === 0;
if (!canMount) leaveOut("a registry that is mounted by itself", "nothing can be mounted here");

test.runIf(canMount)(
  "doctor says that a registry that is mounted by itself cannot be swapped, and a sweep leaves it as it is",
  async () => {
    const scratch = newScratch();
    const path = declareRegistry(scratch);
    const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since: daysAgo(1) } });
    writeOld(path, text);
    const under = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$0" && exec "$@"', path];
    expect(guard(await guards(scratch, {}, under), "swap")).toMatchObject({
      posture: "off",
      cause: "swap-impossible",
      detail: expect.stringContaining("it is mounted by itself"),
    });
    expect(await sessreap(scratch, [], { under })).toMatchObject({ code: 3, stdout: expect.stringContaining("1 failed") });
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(readdirSync(scratch.dir).filter((name) => name.includes(".sessreap-"))).toEqual([]);
  },
);

test.runIf(canMount)("what keeps a registry from being written has its own cure, in a sweep and in doctor's two guards", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "mounted", "agents.json");
  declareRegistry(scratch, { path });
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since: daysAgo(1) } }));
  const mounted = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const under = ["unshare", "-m", "sh", "-c", mounted, dirname(path)];
  const cure = "mount it so that it can be written to";
  const { code, stderr } = await sessreap(scratch, [], { under });
  expect([code, stderr.includes(cure)]).toEqual([3, true]);
  const found = await guards(scratch, {}, under);
  expect(found.find(({ cause }) => cause === "failing")).toMatchObject({ cure });
  expect(guard(found, "swap")).toMatchObject({ posture: "off", cure });
});

if (!isRoot) leaveOut("a squatter on the run lock", "it needs another user, and so root");

test.runIf(isLinux && isRoot)(
  "doctor names another user who sits on the older name of the run lock, which keeps out no sweep",
  async () => {
    const scratch = newScratch();
    mkdirSync(scratch.stateDir, { recursive: true });
    const bound = `use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, pack("S a*", AF_UNIX, "\\0$ARGV[0]")) or die; listen $s, 1; sleep 60`;
    const squatter = await start("/usr/bin/perl", ["-e", bound, olderLockAddress(scratch.stateDir).slice(1)], { uid: nobody });
    writeOld(declareRegistry(scratch), "{}");
    const said = (): Promise<string | undefined> => guards(scratch).then((found) => guard(found, "run-lock")?.detail);
    await expect.poll(said, { timeout: 20_000 }).toContain(`pid ${squatter.pid} of user ${nobody}`);
    expect(guard(await guards(scratch), "run-lock")).toMatchObject({ posture: "on", cause: "fine" });
    expect((await sessreap(scratch, [])).code).toBe(0);
    await stop(squatter);
    expect(guard(await guards(scratch), "run-lock")).toMatchObject({ posture: "on", cause: "fine" });
  },
);

test("doctor says that no sweep uses a state directory to which others can write, and how it is cured", async () => {
  const scratch = newScratch();
  writeOld(declareRegistry(scratch), "{}");
  mkdirSync(scratch.stateDir, { recursive: true });
  chmodSync(scratch.stateDir, 0o770);
  const lock = guard(await guards(scratch), "run-lock");
  expect(lock).toMatchObject({ posture: "off", cause: "state-untrusted", name: scratch.stateDir });
  expect(lock?.detail).toContain(`chmod go-w ${scratch.stateDir}`);
  chmodSync(scratch.stateDir, 0o700);
  expect(guard(await guards(scratch), "run-lock")).toMatchObject({ posture: "on", cause: "fine" });
});
