import { existsSync, readFileSync, readdirSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootBox, enableLinger, until, type Box } from "../box.ts";
import {
  configure,
  describeBox,
  doctor,
  dropIn,
  endedPid,
  journal,
  register,
  registered,
  sessreap,
  startHolder,
  userctl,
  userUnits,
} from "../boxes.ts";

/** What of this machine a box could leave behind or change; mounts and cgroups only where they are a box's. */
function machine(): unknown {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const cgroups = mounts.filter((line) => line.includes(" - cgroup2 ")).flatMap((line) => readdirSync(line.split(" ")[4] as string));
  return {
    mounts: mounts.filter((line) => line.includes("sessreap-box")),
    cgroups: cgroups.filter((name) => name.endsWith(`-${process.pid}`)),
    scratches: readdirSync(tmpdir()).filter((name) => name.startsWith("sessreap-box-") && readdirSync(join(tmpdir(), name)).length > 0),
    hostname: hostname(),
    units: existsSync("/etc/systemd/system") ? readdirSync("/etc/systemd/system") : [],
    homes: readdirSync("/home"),
    opt: readdirSync("/opt"),
    cgroup: readFileSync("/proc/self/cgroup", "utf8"),
  };
}

describeBox.each([
  ["with a user namespace around it", true],
  ["as on a plain machine", false],
])("a user's timer, %s", (_, userns) => {
  let box: Box;
  const before = machine();
  beforeAll(async () => {
    box = await bootBox(userns ? "userns" : "plain", { userns });
    await enableLinger(box, "alice");
  });
  afterAll(async () => {
    await box.stop();
  });

  test("the box has the namespaces that it says", () => {
    const stuck = box.run(["systemctl", "--user", "--no-ask-password", "show", "--property=Version"], { as: "alice" });
    expect(stuck.code).toBe(0);
    const bounding = /^CapBnd:\s*(\w+)$/m.exec(box.run(["cat", "/proc/1/status"]).stdout)?.[1];
    const clock = (BigInt(`0x${bounding}`) >> 25n) & 1n;
    expect(clock).toBe(userns ? 1n : 0n);
  });

  test("from nothing to a ghost that goes by itself, while nobody is logged in", async () => {
    const live = startHolder(box);
    configure(box);
    register(box, { live });
    const { code, stdout, stderr } = sessreap(box, ["units", "install"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^first {4}1 registration: 0 ghosts, 0 reaped$/m);
    expect(stdout).toMatch(/^on {7}sessreap\.timer: every 5 minutes, next \d\d:\d\d$/m);
    expect(stdout).not.toMatch(/it stops/);
    register(box, { live, ghost: { pid: endedPid(box), start: "17" } });
    dropIn(box, "sessreap.timer", "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/3\nAccuracySec=100ms\nRandomizedDelaySec=0\n");
    userctl(box, "restart", "sessreap.timer");
    expect(box.run(["loginctl", "list-sessions", "--no-legend"]).stdout).toBe("");
    await until("the ghost is gone", () => !registered(box).includes("ghost"));
    expect(registered(box)).toEqual(["live"]);
    expect(box.run(["kill", "-0", String(live.pid)]).code).toBe(0);
  });

  test("the journal shows why, with its priority, and then says nothing more", async () => {
    // journald tells the unit of a user's process by its cgroup, now and then before it has one; nothing else here is called so.
    const runs = () => journal(box, "SYSLOG_IDENTIFIER=sessreap");
    // The ghost is gone before its line is written: what must not be lost comes first.
    const lines = await until("a line in the journal", () => (runs().length > 0 ? runs() : undefined));
    expect(lines.map(({ MESSAGE }) => MESSAGE)).toEqual([
      expect.stringMatching(/^reaped ghost of \/home\/alice\/bridge\/agents\.json: pid-gone: /),
    ]);
    expect(lines[0]).toMatchObject({ PRIORITY: "5" });
    const { lastRun } = doctor(box);
    const runsBefore = lastRun?.started;
    await until("two more sweeps", () => (doctor(box).lastRun?.started ?? "") > (runsBefore ?? "") && doctor(box).lastRun?.finished);
    expect(runs()).toHaveLength(lines.length);
  });

  test("doctor finds every guard on, and the run that systemd names", async () => {
    // The timer sweeps every three seconds, for systemd refuses a sixth start in ten: what is asked for is a moment between two sweeps.
    const said = await until("a sweep that has ended", () => [doctor(box)].find(({ lastRun }) => (lastRun?.finished ?? null) !== null));
    const { posture, guards, lastRun, exitCode } = said;
    expect(guards.filter((guard) => guard.posture !== "on" || guard.cure !== null)).toEqual([]);
    expect({ posture, exitCode }).toEqual({ posture: "on", exitCode: 0 });
    expect(lastRun).toMatchObject({ ok: true, reapedTotal: 1 });
    expect(lastRun?.invocationId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("uninstall leaves nothing behind", () => {
    box.run(["rm", "-rf", `${userUnits}/sessreap.timer.d`]);
    const { code, stderr } = sessreap(box, ["units", "uninstall"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const left = box.run(["find", "/home/alice/.config/systemd", "/home/alice/.local/share", "-name", "*sessreap*"]).stdout;
    expect(left).toBe("");
    expect(existsSync(box.path(userUnits))).toBe(false);
    expect(userctl(box, "list-units", "--all", "--no-legend", "sessreap*").stdout).toBe("");
    expect(doctor(box).guards[0]).toMatchObject({ posture: "off", cause: "not-installed" });
  });

  test("this machine is untouched", async () => {
    await box.stop();
    expect(machine()).toEqual(before);
  });
});
