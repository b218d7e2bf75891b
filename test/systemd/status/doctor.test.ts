import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { LastRun } from "../../../src/report/model/last-run.ts";
import { bootBox, enableLinger, until, type Box } from "../box.ts";
import {
  alice,
  concerns,
  configure,
  describeBox,
  doctor,
  dropIn,
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

const lastRunPath = "/home/alice/.local/state/sessreap/last-run.json";
const everyThreeSeconds = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/3\nAccuracySec=100ms\nRandomizedDelaySec=0\n";

describeBox("doctor tells apart", () => {
  let box: Box;
  beforeAll(async () => {
    box = await bootBox("doctor", { userns: true });
    configure(box);
    register(box, { live: startHolder(box) });
    // So seldom that no run of its own falls into a test.
    put(box, `${userUnits}/sessreap.timer.d/seldom.conf`, "[Timer]\nOnCalendar=\nOnCalendar=monthly\n");
  });
  afterAll(async () => {
    await box.stop();
  });

  const readRun = (): LastRun => JSON.parse(readFileSync(box.path(lastRunPath), "utf8")) as LastRun;
  const editRun = (change: Partial<LastRun>): void => {
    writeFileSync(box.path(lastRunPath), JSON.stringify({ ...readRun(), ...change }));
  };
  const service = (text: string): void => dropIn(box, "sessreap.service", `[Service]\n${text}\n`);
  const runOnce = (): number => {
    // systemd refuses a sixth start within ten seconds, and sweeps are that fast.
    userctl(box, "reset-failed", "sessreap.service");
    return userctl(box, "start", "sessreap.service").code;
  };

  describe("on the way to a timer that is on", () => {
    test("nothing installed, and nothing ever swept", () => {
      expect(concerns(box)).toEqual(["timer off/not-installed", "last-run off/never-succeeded"]);
    });

    test("a shell without a manager is told how to get one, and nothing is written", () => {
      const { code, stderr } = sessreap(box, ["units", "install"]);
      expect(code).toBe(2);
      expect(stderr).toContain("sudo loginctl enable-linger alice");
      expect(readdirSync(box.path(userUnits))).toEqual(["sessreap.timer.d"]);
    });

    test("installed, and no manager runs", () => {
      expect(sessreap(box, ["units", "install", "--no-enable"]).code).toBe(0);
      expect(concerns(box)[0]).toBe("timer off-runtime-divergent/no-manager");
    });

    test("installed, and disabled", async () => {
      await enableLinger(box, "alice");
      expect(concerns(box)[0]).toBe("timer off/disabled");
    });

    test("enabled, and not started", () => {
      userctl(box, "enable", "sessreap.timer");
      expect(concerns(box)).toEqual(["timer off-runtime-divergent/not-started", "last-run stale/never-succeeded"]);
    });

    test("on, and nothing has succeeded yet", () => {
      userctl(box, "start", "sessreap.timer");
      expect(concerns(box)).toEqual(["last-run stale/never-succeeded"]);
    });

    test("on, and all is well", () => {
      expect(runOnce()).toBe(0);
      expect(concerns(box)).toEqual([]);
    });
  });

  describe("a timer", () => {
    test("stopped, which every sweep by hand says from the second missed sweep on", () => {
      userctl(box, "stop", "sessreap.timer");
      expect(concerns(box)[0]).toBe("timer off-runtime-divergent/not-started");
      box.run(["mv", `${userUnits}/sessreap.timer.d`, "/tmp/sessreap.timer.d"]);
      // A sweep by hand since then is none of the timer's.
      expect(sessreap(box, ["-q"]).code).toBe(0);
      editRun({ lastUnitOk: new Date(Date.now() - 1_200_000).toISOString() });
      for (const words of [[], ["-q"], []]) {
        expect(sessreap(box, words).stderr).toMatch(/sessreap\.timer is enabled, but its last sweep that succeeded was 20m ago/);
      }
      box.run(["mv", "/tmp/sessreap.timer.d", `${userUnits}/sessreap.timer.d`]);
      userctl(box, "start", "sessreap.timer");
      expect(runOnce()).toBe(0);
      expect(sessreap(box, []).stderr).not.toContain("sessreap.timer");
    });

    test("started, and gone after the next boot", () => {
      userctl(box, "disable", "sessreap.timer");
      expect(concerns(box)).toEqual(["timer on/not-enabled"]);
      userctl(box, "enable", "sessreap.timer");
    });

    test("that never fires again", () => {
      dropIn(box, "sessreap.timer", "[Timer]\nOnCalendar=\nOnCalendar=2001-01-01\nPersistent=no\n");
      userctl(box, "restart", "sessreap.timer");
      expect(concerns(box)[0]).toBe("timer off-runtime-divergent/never-fires");
      undrop(box, "sessreap.timer");
      userctl(box, "restart", "sessreap.timer");
    });

    test("with a setting that cannot be", () => {
      dropIn(box, "sessreap.timer", "[Timer]\nOnCalendar=\n");
      expect(concerns(box)[0]).toBe("timer off-runtime-divergent/bad-setting");
      undrop(box, "sessreap.timer");
      userctl(box, "restart", "sessreap.timer");
    });

    test("whose file changed and was not read again", () => {
      dropIn(box, "sessreap.timer", "[Timer]\n");
      put(box, `${userUnits}/sessreap.timer.d/zz-test.conf`, "[Timer]\nAccuracySec=20s\n");
      box.run(["touch", "-d", "+1 minute", `${userUnits}/sessreap.timer.d/zz-test.conf`]);
      expect(concerns(box)).toEqual(["timer on/needs-reload"]);
      undrop(box, "sessreap.timer");
    });

    test("masked", () => {
      box.run(["mv", `${userUnits}/sessreap.timer`, "/tmp/sessreap.timer"]);
      userctl(box, "mask", "--now", "sessreap.timer");
      expect(concerns(box)[0]).toBe("timer off/masked");
      expect(sessreap(box, ["units", "install"])).toMatchObject({ code: 2, stderr: expect.stringContaining("is masked") });
      userctl(box, "unmask", "sessreap.timer");
      box.run(["mv", "/tmp/sessreap.timer", `${userUnits}/sessreap.timer`]);
      userctl(box, "daemon-reload");
      userctl(box, "enable", "--now", "sessreap.timer");
      expect(concerns(box)).toEqual([]);
    });

    test("beside the system's for the same user", () => {
      expect(sessreap(box, ["units", "install", "--system", "alice"], {}).code).toBe(0);
      expect(concerns(box)).toEqual(["timer on/two-timers"]);
      expect(sessreap(box, ["units", "uninstall", "--system", "alice"], {}).code).toBe(0);
    });
  });

  describe("a service", () => {
    beforeEach(() => {
      undrop(box, "sessreap.service");
    });

    test.each([
      ["whose sweep fails, and with which status", "ExecStart=\nExecStart=/bin/sh -c 'exit 3'", "blind/failing", "status 3"],
      [
        "whose program is gone",
        "ExecStart=\nExecStart=/opt/elsewhere/node sweep",
        "off-runtime-divergent/binary-gone",
        "/opt/elsewhere/node",
      ],
      [
        "whose script is gone",
        `ExecStart=\nExecStart=${node} /opt/gone.js sweep --timer`,
        "off-runtime-divergent/binary-gone",
        "/opt/gone.js",
      ],
      ["whose interpreter is not found", "ExecStart=\nExecStart=/usr/bin/env no-such-node", "off-runtime-divergent/binary-gone", "127"],
      ["with an option that its manager cannot apply", "CapabilityBoundingSet=", "off-runtime-divergent/sandbox", "218"],
      ["whose sandbox ends node", "MemoryDenyWriteExecute=yes", "off-runtime-divergent/sandbox", "SIGTRAP"],
      ["that was killed", "ExecStart=\nExecStart=/bin/sh -c 'kill -KILL $$$$'", "off-runtime-divergent/killed", "signal 9"],
      [
        "that took too long",
        "TimeoutStartSec=300ms\nExecStart=\nExecStart=/bin/sleep 60",
        "off-runtime-divergent/timed-out",
        "TimeoutStartSec=",
      ],
    ])("%s", (_, text, expected, detail) => {
      service(text);
      expect(runOnce()).not.toBe(0);
      const found = doctor(box).guards.find(({ guard }) => guard === "service");
      expect(`${found?.posture}/${found?.cause}`).toBe(expected);
      expect(found?.detail).toContain(detail);
    });

    test("with a setting that cannot be", () => {
      service("ExecStart=");
      expect(concerns(box)[0]).toBe("service off-runtime-divergent/bad-setting");
    });

    test("that a condition skips in silence", () => {
      dropIn(box, "sessreap.service", "[Unit]\nConditionPathExists=/nowhere\n");
      expect(runOnce()).toBe(0);
      expect(concerns(box)[0]).toBe("service off-runtime-divergent/skipped-by-condition");
    });

    test("that hangs, so that its timer waits for ever", async () => {
      service("TimeoutStartSec=infinity\nExecStart=\nExecStart=/bin/sleep 300");
      dropIn(box, "sessreap.timer", everyThreeSeconds);
      userctl(box, "restart", "sessreap.timer");
      await until("the run counts as hung", () => concerns(box).includes("service off-runtime-divergent/hung"));
      userctl(box, "stop", "sessreap.timer", "sessreap.service");
      undrop(box, "sessreap.timer");
      undrop(box, "sessreap.service");
      userctl(box, "start", "sessreap.timer");
      expect(runOnce()).toBe(0);
      expect(concerns(box)).toEqual([]);
    });
  });

  describe("sweeps", () => {
    test("of which none has succeeded for three of their periods", () => {
      editRun({ lastWholeOk: new Date(Date.now() - 100 * 86_400_000).toISOString() });
      expect(concerns(box)).toEqual(["last-run stale/last-success-too-old"]);
      expect(runOnce()).toBe(0);
    });

    test("of which the last was killed while an app server hung, and a second was turned away meanwhile", async () => {
      const port = 8799;
      box.run(
        ["sh", "-c", `${node} -e 'require("node:net").createServer(() => {}).listen(${port}, "127.0.0.1")' >/dev/null 2>&1 & echo $!`],
        alice,
      );
      onTestFinished(() => {
        userctl(box, "kill", "--signal=KILL", "sessreap.service");
        configure(box);
        register(box, { live: startHolder(box) });
        runOnce();
      });
      configure(box, { appServers: [`ws://127.0.0.1:${port}`], about: "thread", fields: { sessionId: "id", registeredAt: "since" } });
      put(box, registryPath, JSON.stringify({ a: { id: "s1", since: "2026-01-01T00:00:00Z" } }));
      box.run(["touch", "-d", "-30 days", registryPath]);
      const heldStill = async (): Promise<boolean> => {
        userctl(box, "start", "--no-block", "sessreap.service");
        await until("the sweep has begun", () => readRun().finished === null);
        // Held still while the server hangs, it keeps its lock for as long as this test needs.
        userctl(box, "kill", "--signal=STOP", "sessreap.service");
        return readRun().finished === null;
      };
      // On a busy machine the server's time can be over before the signal comes.
      for (let tries = 0; !(await heldStill()); tries += 1) {
        expect(tries).toBeLessThan(10);
        userctl(box, "kill", "--signal=CONT", "sessreap.service");
        await until("that sweep has ended", () => userctl(box, "is-active", "sessreap.service").code !== 0);
      }
      expect(sessreap(box, [])).toMatchObject({ code: 75 });
      userctl(box, "kill", "--signal=KILL", "sessreap.service");
      await until("the service has failed", () => userctl(box, "is-failed", "sessreap.service").code === 0);
      expect(concerns(box)).toEqual(
        expect.arrayContaining([
          "service off-runtime-divergent/killed",
          "last-run on/interrupted",
          "registry blind/app-server-unreachable",
          "app-server blind/app-server-unreachable",
        ]),
      );
      expect(runOnce()).toBe(0);
      expect(registered(box)).toEqual(["a"]);
      expect(concerns(box)).toEqual(["registry blind/app-server-unreachable", "app-server blind/app-server-unreachable"]);
      configure(box);
      register(box, { live: startHolder(box) });
      expect(concerns(box)).toEqual([]);
    });

    test("whose disk was full: the next one works", () => {
      const state = "/home/alice/.local/state/sessreap";
      box.run(["mount", "-t", "tmpfs", "-o", "size=64k,uid=4241,mode=700", "tmpfs", state]);
      box.run(["sh", "-c", `cat /dev/zero > ${state}/filler`]);
      register(box, { live: startHolder(box), ghost: { pid: 4_000_000, start: "17" } });
      expect(runOnce()).not.toBe(0);
      expect(registered(box)).toEqual(["live", "ghost"]);
      expect(concerns(box)).toContain("service blind/failing");
      box.run(["rm", `${state}/filler`]);
      expect(runOnce()).toBe(0);
      expect(registered(box)).toEqual(["live"]);
      expect(concerns(box)).toEqual([]);
      box.run(["umount", state]);
    });
  });

  describe("a registry", () => {
    beforeEach(() => {
      register(box, { live: startHolder(box) });
      box.run(["chmod", "644", registryPath]);
    });

    test.each([
      ["that cannot be read", ["chmod", "000", registryPath], "registry blind/registry-unreadable"],
      ["that is no JSON", ["sh", "-c", `echo '{ torn' > ${registryPath}`], "registry blind/registry-malformed"],
      ["that is not there", ["rm", registryPath], "registry blind/registry-missing"],
      ["that everybody can write to", ["chmod", "666", registryPath], "registry dry-run/registry-report-only"],
    ] as const)("%s", (_, spoil, expected) => {
      box.run(spoil);
      expect(concerns(box)).toEqual([expected]);
    });

    test("whose pids mean something else here", () => {
      const config = "/home/alice/.config/sessreap/config.json";
      const declared = readFileSync(box.path(config), "utf8");
      put(box, config, declared.replace('"pidNamespace":"own",', ""));
      expect(concerns(box)).toEqual(["registry blind/processes-unseen"]);
      put(box, config, declared);
    });
  });

  test("a person reads one line a guard, and a script an exit code", () => {
    const { code, stdout } = box.run([node, script, "doctor", "--exit-code"], alice);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^All \d+ guards are on\. The last sweep was \d+[smh] ago: /);
    expect(box.run([node, script, "doctor", "-v"], alice).stdout).toMatch(/^on +timer +sessreap\.timer: next run /m);
  });

  test("lingering that is off: the timer goes with the last session", () => {
    // `loginctl disable-linger` would end the manager at once, for nobody is logged in.
    box.run(["rm", "/var/lib/systemd/linger/alice"]);
    expect(concerns(box)).toEqual(["timer on/linger-off"]);
    expect(sessreap(box, ["units", "install"]).stdout).toMatch(
      /^warning {2}it stops about ten seconds after you log out: loginctl enable-linger alice/m,
    );
  });
});
