import { existsSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { LastRun } from "../../../src/report/model/last-run.ts";
import { bootBox, enableLinger, until, type Box } from "../box.ts";
import {
  concerns,
  configure,
  describeBox,
  doctor,
  dropIn,
  journal,
  leaveNoUnits,
  node,
  put,
  register,
  registered,
  registryPath,
  script,
  sessreap,
  startHolder,
  undrop,
  userctl,
  userUnits,
} from "../boxes.ts";

const unit = "sessreap-watch.service";

describeBox("units install --watch, for a user", () => {
  let box: Box;
  const install = (...words: readonly string[]) => sessreap(box, ["units", "install", ...words]);
  const isWatching = (): boolean => userctl(box, "is-active", unit).code === 0;
  const mainPid = (): number => Number(userctl(box, "show", "--property=MainPID", "--value", unit).stdout);
  /** The watch has swept at least once since it was started: it knows the holders. */
  const hasSwept = () =>
    until("a sweep of the watch", () => {
      const invocation = userctl(box, "show", "--property=InvocationID", "--value", unit).stdout.trim();
      const { lastRun } = doctor(box);
      return invocation !== "" && lastRun?.invocationId === invocation && lastRun.finished !== null;
    });
  beforeAll(async () => {
    box = await bootBox("watch", { userns: true });
    await enableLinger(box, "alice");
    configure(box);
  });
  afterAll(async () => {
    await box.stop();
  });
  afterEach(() => leaveNoUnits(box));

  test("a holder is killed: its entry goes at once, the journal says why, and the run is recorded", async () => {
    const [first, second] = [startHolder(box), startHolder(box)];
    register(box, { first, second });
    const { code, stdout, stderr } = install("--watch");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^wrote {4}.*sessreap-watch\.service.* in ~\/\.config\/systemd\/user$/m);
    expect(stdout).toMatch(/^on {7}sessreap\.timer, sessreap-watch\.service.*, next \d\d:\d\d$/m);
    expect(stdout).toMatch(/^first {4}2 registrations: /m);
    await hasSwept();
    box.run(["kill", "-9", String(first.pid)]);
    await until("the ghost is gone", () => !registered(box).includes("first"));
    expect(registered(box)).toEqual(["second"]);
    const said = () => journal(box, `_SYSTEMD_USER_UNIT=${unit}`, "SYSLOG_IDENTIFIER=sessreap");
    const lines = await until("two lines in the journal", () => (said().length > 1 ? said() : undefined));
    expect(lines.map(({ MESSAGE }) => MESSAGE)).toEqual([
      expect.stringMatching(/watching 2 processes in \d+ registr(?:y|ies) through pidfds, and 0 app servers$/),
      expect.stringMatching(/^reaped first of \/home\/alice\/bridge\/agents\.json: pid-gone: /),
    ]);
    expect(lines[1]).toMatchObject({ PRIORITY: "5" });
    const { posture, guards, lastRun } = await until("the record", () => {
      const diagnosis = doctor(box);
      return diagnosis.lastRun?.reapedTotal === 1 && diagnosis;
    });
    expect(posture).toBe("on");
    expect(guards.find(({ name }) => name === unit)).toMatchObject({ guard: "service", posture: "on", cause: "fine" });
    expect(lastRun).toMatchObject({ ok: true, reapedTotal: 1, pid: mainPid() });
  });

  test("it is killed, and comes back; it is stopped, and has not failed; doctor tells each", async () => {
    register(box, { live: startHolder(box) });
    expect(install("--watch").code).toBe(0);
    await hasSwept();
    const pid = mainPid();
    dropIn(box, unit, "[Service]\nRestartSec=100ms\n");
    box.run(["kill", "-9", String(pid)]);
    await until("another one watches", () => isWatching() && mainPid() !== pid);
    await hasSwept();
    expect(concerns(box)).toEqual([]);
    userctl(box, "stop", unit);
    expect(userctl(box, "show", "--property=Result,ActiveState", unit).stdout).toBe("Result=success\nActiveState=inactive\n");
    expect(concerns(box)).toEqual(["service off-runtime-divergent/not-started"]);
    userctl(box, "disable", unit);
    expect(concerns(box)).toEqual(["service off/disabled"]);
    const swept = sessreap(box, []);
    expect(swept.stderr).toContain(`${unit} is installed but not enabled`);
    undrop(box, unit);
  });

  test("the timer is turned on and stopped, and any screen says so afterwards", () => {
    register(box, { live: startHolder(box) });
    expect(install().code).toBe(0);
    const shown = (...words: readonly string[]): string =>
      box.run(["script", "-qec", [node, script, ...words].join(" "), "/dev/null"], { as: "alice" }).stdout;
    expect(shown("list")).not.toContain("sessreap.timer");
    userctl(box, "stop", "sessreap.timer");
    const path = "/home/alice/.local/state/sessreap/last-run.json";
    const record = JSON.parse(readFileSync(box.path(path), "utf8")) as LastRun;
    expect(record.lastUnitOk).toBe(record.finished);
    const later = new Date(Date.now() - 20 * 60_000).toISOString();
    put(box, path, JSON.stringify({ ...record, started: later, finished: later, lastOk: later, lastWholeOk: later, lastUnitOk: later }));
    for (const words of [["list"], ["-n"], ["history"], ["owners"]])
      expect(shown(...words).replaceAll(/\s+/g, " "), words.join(" ")).toContain("its last sweep that succeeded was 20m ago");
    expect(shown().replaceAll(/\s+/g, " ")).toContain("its last sweep that succeeded was 20m ago");
    expect(concerns(box)).toContain("timer off-runtime-divergent/not-started");
  });

  test("a configuration with a mistake: it fails loudly, and watches again when that is mended", async () => {
    register(box, { live: startHolder(box) });
    expect(install("--watch").code).toBe(0);
    dropIn(box, unit, "[Service]\nRestartSec=100ms\n");
    put(box, "/home/alice/.config/sessreap/config.json", "{ torn");
    userctl(box, "restart", unit);
    const guards = await until("doctor says so", () => {
      const { stdout } = userctl(box, "show", "--property=Result,ExecMainStatus", unit);
      return stdout.includes("ExecMainStatus=2") && stdout;
    });
    expect(guards).toContain("Result=exit-code");
    configure(box);
    await until("it watches again", isWatching);
    await hasSwept();
    undrop(box, unit);
  });

  test("it stays with the next installation, until --no-watch takes it away and leaves the timer on", () => {
    register(box, { live: startHolder(box) });
    expect(install("--watch").code).toBe(0);
    const text = readFileSync(box.path(`${userUnits}/${unit}`), "utf8");
    expect(install("--watch").code).toBe(0);
    expect(readFileSync(box.path(`${userUnits}/${unit}`), "utf8")).toBe(text);
    expect(isWatching()).toBe(true);
    expect(install().code).toBe(0);
    expect(isWatching()).toBe(true);
    expect(install("--no-watch").code).toBe(0);
    expect(existsSync(box.path(`${userUnits}/${unit}`))).toBe(false);
    expect(userctl(box, "list-units", "--all", "--no-legend", "sessreap-watch*").stdout).toBe("");
    expect(userctl(box, "is-active", "sessreap.timer").code).toBe(0);
  });

  test("it comes and goes with the bridge", () => {
    register(box, { live: startHolder(box) });
    put(box, `${userUnits}/bridge.service`, "[Service]\nExecStart=/bin/sleep 600\n");
    userctl(box, "daemon-reload");
    expect(install("--watch", "--follow", "bridge.service").code).toBe(0);
    userctl(box, "start", "bridge.service");
    expect(isWatching()).toBe(true);
    userctl(box, "stop", "bridge.service");
    expect(isWatching()).toBe(false);
    userctl(box, "start", "bridge.service");
    expect(isWatching()).toBe(true);
  });

  test("it can be written without being turned on, and uninstall leaves nothing", () => {
    register(box, { live: startHolder(box) });
    expect(install("--watch", "--dry-run").stdout).toContain(`enable --now sessreap.timer ${unit}, and one sweep`);
    expect(existsSync(box.path(`${userUnits}/${unit}`))).toBe(false);
    expect(install("--watch", "--no-enable").code).toBe(0);
    expect(isWatching()).toBe(false);
    expect(install("--watch").code).toBe(0);
    expect(sessreap(box, ["units", "uninstall"])).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(box.path(userUnits))).toBe(false);
    expect(userctl(box, "list-units", "--all", "--no-legend", "sessreap*").stdout).toBe("");
  });
});

describeBox("units install --watch, for a user by the system", () => {
  let box: Box;
  const service = "sessreap-watch@alice.service";
  beforeAll(async () => {
    box = await bootBox("system-watch");
    configure(box);
  });
  afterAll(async () => {
    await box.stop();
  });

  test("it runs as alice in the sandbox, reaps at once, and goes without a trace", async () => {
    const holder = startHolder(box);
    register(box, { holder });
    const { code, stdout } = sessreap(box, ["units", "install", "--system", "alice", "--watch"], {});
    expect({ code, said: stdout }).toEqual({
      code: 0,
      said: expect.stringMatching(/^on {7}sessreap@alice\.timer, sessreap-watch@alice\.service/m),
    });
    expect(readFileSync(box.path(`/etc/systemd/system/${service}.d/access.conf`), "utf8")).toMatch(
      /^ReadWritePaths=.*-\/home\/alice\/bridge( |$)/m,
    );
    const pid = box.run(["systemctl", "show", "--property=MainPID", "--value", service]).stdout.trim();
    expect(readFileSync(box.path(`/proc/${pid}/status`), "utf8")).toMatch(/^Uid:\t4241\t4241\t/m);
    const lastRun = () =>
      JSON.parse(readFileSync(box.path("/home/alice/.local/state/sessreap/last-run.json"), "utf8")) as {
        pid: number;
        finished: string | null;
      };
    await until("a sweep of the watch", () => lastRun().pid === Number(pid) && lastRun().finished !== null);
    box.run(["kill", "-9", String(holder.pid)]);
    await until("the ghost is gone", () => !registered(box).includes("holder"));
    expect(box.run(["stat", "-c", "%U", registryPath]).stdout).toBe("alice\n");
    expect(box.run(["systemd-analyze", "security", "--threshold=20", "--no-pager", service]).code).toBe(0);
    const again = sessreap(box, ["units", "install", "--system", "alice"], {});
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("keeps    --watch") });
    expect(sessreap(box, ["units", "uninstall", "--system", "alice"], {}).code).toBe(0);
    expect(box.run(["find", "/etc/systemd", "/var/lib/systemd", "-name", "*sessreap*"]).stdout).toBe("");
  });
});
