import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { bootBox, enableLinger, type Box } from "../box.ts";
import {
  alice,
  concerns,
  configure,
  describeBox,
  doctor,
  dropIn,
  journal,
  node,
  put,
  register,
  script,
  sessreap,
  startHolder,
  leaveNoUnits,
  undrop,
  userctl,
  userUnits,
} from "../boxes.ts";

describeBox("units install", () => {
  let box: Box;
  const install = (...words: readonly string[]) => sessreap(box, ["units", "install", ...words]);
  const unit = (name: string): string => readFileSync(box.path(`${userUnits}/${name}`), "utf8");
  beforeAll(async () => {
    box = await bootBox("install", { userns: true });
    await enableLinger(box, "alice");
    configure(box);
    register(box, { live: startHolder(box) });
  });
  afterAll(async () => {
    await box.stop();
  });
  afterEach(() => leaveNoUnits(box));

  test("says what it would write, and writes nothing", () => {
    const env = { CODEX_HOME: "/srv/codex" };
    const { code, stdout } = sessreap(box, ["units", "install", "--dry-run"], { ...alice, env });
    expect(code).toBe(0);
    expect(stdout).toContain(`would write ${userUnits}/sessreap.timer`);
    expect(stdout).toContain("recorded for the unit: CODEX_HOME=/srv/codex");
    expect(existsSync(box.path(userUnits))).toBe(false);
  });

  test("would take away what it takes away", () => {
    expect(sessreap(box, ["units", "install", "--watch", "--no-enable"], { ...alice, env: { CODEX_HOME: "/srv/codex" } }).code).toBe(0);
    const { stdout } = install("-n", "--no-watch");
    const would = [...stdout.matchAll(/^would remove (.+)$/gm)].map((match) => match[1] as string);
    expect(would).toEqual([`${userUnits}/sessreap-watch.service`, "/home/alice/.config/sessreap/units.env"]);
    expect(would.filter((path) => !existsSync(box.path(path)))).toEqual([]);
    expect(install("--no-watch").code).toBe(0);
    expect(would.filter((path) => existsSync(box.path(path)))).toEqual([]);
  });

  test.each<[string, readonly string[], (box: Box) => void, (box: Box) => void]>([
    [
      "where nothing may be written",
      [],
      (at) =>
        at.run([
          "sh",
          "-c",
          "mkdir -p /home/alice/.config/systemd && chown alice: /home/alice/.config/systemd && chmod 555 /home/alice/.config/systemd",
        ]),
      (at) => at.run(["chmod", "755", "/home/alice/.config/systemd"]),
    ],
    [
      "a unit of somebody else's",
      [],
      (at) => put(at, `${userUnits}/sessreap.timer`, "# mine\n"),
      (at) => at.run(["rm", `${userUnits}/sessreap.timer`]),
    ],
    ["the system's units", ["--system", "alice"], () => undefined, () => undefined],
  ])("refuses %s in the same words, dry run or not", (_, words, bend, unbend) => {
    bend(box);
    const [dry, wet] = [install("-n", ...words), install(...words)];
    unbend(box);
    expect(dry).toEqual(wet);
    expect(dry.code).toBe(2);
  });

  test("refuses to name what npx keeps for a while", () => {
    const there = "/home/alice/.npm/_npx/0f3c9a/node_modules/sessreap";
    box.run(["sh", "-c", 'mkdir -p "$1" && cp -r /opt/sessreap/. "$1"', "sh", there]);
    for (const words of [["install"], ["install", "-n"], ["print"]]) {
      const { code, stdout, stderr } = box.run([node, `${there}/bin/sessreap.cjs`, "units", ...words], alice);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("do: install it (npm install -g sessreap), then: sessreap units install");
    }
    expect(existsSync(box.path(userUnits))).toBe(false);
  });

  test("twice is as good as once", () => {
    expect(install().code).toBe(0);
    const before = unit("sessreap.service");
    expect(install().code).toBe(0);
    expect(unit("sessreap.service")).toBe(before);
    expect(doctor(box).posture).toBe("on");
  });

  test.each(["sessreap.service", "sessreap.timer"])("does not overwrite a %s that it did not write", (name) => {
    put(box, `${userUnits}/${name}`, "# mine\n");
    const { code, stderr } = install();
    expect(code).toBe(2);
    expect(stderr).toContain(`${name} was not written by sessreap`);
    expect(unit(name)).toBe("# mine\n");
    expect(sessreap(box, ["units", "uninstall"]).stdout).toContain(`left ${userUnits}/${name}`);
    expect(unit(name)).toBe("# mine\n");
  });

  test("does not overwrite a file of its own that somebody edited", () => {
    expect(install("--no-enable").code).toBe(0);
    put(box, `${userUnits}/sessreap.timer`, unit("sessreap.timer").replace("*:0/5", "hourly"));
    expect(install()).toMatchObject({ code: 2, stderr: expect.stringContaining("was edited since") });
    expect(unit("sessreap.timer")).toContain("hourly");
  });

  test.each(["a place with blanks", "50% of it", "a $HOME of its own", 'a "quoted" place'])("runs from %s", (name) => {
    const place = `/srv/${name}`;
    box.run(["sh", "-c", 'mkdir -p "$1" && cp -r /opt/sessreap "$1/" && ln -sf /opt/node "$1/node"', "sh", place]);
    const { code, stdout, stderr } = box.run([`${place}/node`, `${place}/sessreap/bin/sessreap.cjs`, "units", "install"], alice);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^first {4}1 registration: /m);
    expect(unit("sessreap.service")).toMatch(/^ExecStart=\/opt\/node "/m);
    expect(doctor(box).guards.find(({ guard }) => guard === "service")).toMatchObject({ posture: "on", cause: "fine" });
  });

  test("says so, and exits with 3, when the first run fails", () => {
    box.run(["mv", "/home/alice/.config/sessreap/config.json", "/tmp/config.json"]);
    put(box, "/home/alice/.config/sessreap/config.json", "{ torn");
    const { code, stdout } = install();
    expect(code).toBe(3);
    expect(stdout).toMatch(/^FAILED {3}the first run: result exit-code, status 2/m);
    configure(box);
  });

  test("ties the timer to the bridge, and unties it again", () => {
    put(box, `${userUnits}/bridge.service`, "[Service]\nExecStart=/bin/sleep 600\n");
    userctl(box, "daemon-reload");
    expect(install("--follow", "bridge.service").code).toBe(0);
    const timerIsOn = (): boolean => userctl(box, "is-active", "sessreap.timer").code === 0;
    userctl(box, "start", "bridge.service");
    expect(timerIsOn()).toBe(true);
    userctl(box, "stop", "bridge.service");
    expect(timerIsOn()).toBe(false);
    userctl(box, "start", "bridge.service");
    expect(timerIsOn()).toBe(true);
    expect(install("--no-follow").code).toBe(0);
    userctl(box, "stop", "bridge.service");
    expect(timerIsOn()).toBe(true);
    expect(existsSync(box.path(`${userUnits}/sessreap.timer.d`))).toBe(false);
    expect(existsSync(box.path(`${userUnits}/bridge.service.wants`))).toBe(false);
  });

  test("keeps what an earlier installation chose until that is taken back, and says so", () => {
    put(box, `${userUnits}/bridge.service`, "[Service]\nExecStart=/bin/sleep 600\n");
    userctl(box, "daemon-reload");
    expect(install("--follow", "bridge.service").code).toBe(0);
    const watched = install("--watch");
    expect(watched.code).toBe(0);
    expect(watched.stdout).toMatch(/^keeps {4}--follow bridge\.service . --no-follow takes it back$/m);
    for (const name of ["sessreap.timer", "sessreap-watch.service"])
      expect(unit(`${name}.d/follow.conf`)).toContain("\nPartOf=bridge.service\n");
    const again = install();
    expect(again.stdout).toMatch(/^keeps {4}--watch . --no-watch takes it back$/m);
    expect(userctl(box, "is-active", "sessreap-watch.service").code).toBe(0);
    expect(install("--no-watch").stdout).toContain("keeps    --follow bridge.service");
    expect(existsSync(box.path(`${userUnits}/sessreap-watch.service`))).toBe(false);
    expect(unit("sessreap.timer.d/follow.conf")).toContain("\nPartOf=bridge.service\n");
    expect(install("--no-follow").stdout).not.toContain("kept:");
    expect(existsSync(box.path(`${userUnits}/sessreap.timer.d`))).toBe(false);
  });

  test("records the environment of the shell for the service, and doctor judges as the service sees it", () => {
    const env = { CODEX_HOME: '/srv/a "codex" of $HOME', XDG_STATE_HOME: "/home/alice/elsewhere", CODEX_APP_SERVER_URL: "" };
    const { code, stdout } = sessreap(box, ["units", "install"], { ...alice, env });
    expect(code).toBe(0);
    expect(stdout).toContain(`recorded for the unit: CODEX_HOME=${env.CODEX_HOME}`);
    expect(stdout).not.toContain("CODEX_APP_SERVER_URL");
    dropIn(box, "sessreap.service", "[Service]\nSyslogIdentifier=probe\nExecStartPre=/usr/bin/env\n");
    userctl(box, "start", "sessreap.service");
    const said = journal(box, "SYSLOG_IDENTIFIER=probe").map(({ MESSAGE }) => MESSAGE);
    expect(said).toContain(`CODEX_HOME=${env.CODEX_HOME}`);
    undrop(box, "sessreap.service");
    const { guards } = doctor(box);
    expect(guards.find(({ guard }) => guard === "run-lock")?.name).toBe("/home/alice/elsewhere/sessreap");
    expect(guards.find(({ guard }) => guard === "environment")).toMatchObject({
      name: "sessreap.service",
      cause: "environment-differs",
      detail: expect.stringContaining("XDG_STATE_HOME is /home/alice/elsewhere there, unset here"),
    });
    expect(doctor(box, { ...alice, env }).guards.find(({ guard }) => guard === "environment")).toMatchObject({ cause: "fine", cure: null });
    expect(install().stdout).toContain(`no longer recorded: CODEX_HOME=${env.CODEX_HOME}`);
    expect(existsSync(box.path("/home/alice/.config/sessreap/units.env"))).toBe(false);
    expect(existsSync(box.path("/home/alice/.config/sessreap/config.json"))).toBe(true);
  });

  test("of a unit's name that is none is a usage error", () => {
    expect(install("--follow", "bridge service").code).toBe(2);
    expect(install("--follow", "bridge").code).toBe(2);
  });

  test("what a package offers is a guard that is off until somebody takes it, and then only what was taken counts", () => {
    put(box, "/usr/bin/sessreap", `#!/bin/sh\nexec ${node} ${script} "$@"\n`);
    box.run(["chmod", "755", "/usr/bin/sessreap"]);
    for (const [manager, at] of [
      ["user", ""],
      ["system", "@"],
    ]) {
      for (const name of [`sessreap${at}.service`, `sessreap${at}.timer`, `sessreap-watch${at}.service`]) {
        writeFileSync(box.path(`/usr/lib/systemd/${manager}/${name}`), readFileSync(`systemd/${manager}/${name}`));
      }
    }
    box.run(["systemctl", "daemon-reload"]);
    userctl(box, "daemon-reload");
    expect(concerns(box)).toContain("timer off/disabled");
    expect(doctor(box).guards.filter(({ guard }) => guard === "timer" || guard === "service")).toHaveLength(2);
    expect(userctl(box, "enable", "--now", "sessreap.timer").code).toBe(0);
    userctl(box, "start", "sessreap.service");
    expect(concerns(box)).toEqual([]);
    expect(userctl(box, "enable", "--now", "sessreap-watch.service").code).toBe(0);
    expect(doctor(box).guards.find(({ name }) => name === "sessreap-watch.service")).toMatchObject({ posture: "on", cause: "fine" });
    userctl(box, "disable", "--now", "sessreap.timer", "sessreap-watch.service");
    box.run(["sh", "-c", "rm /usr/lib/systemd/*/sessreap*"]);
  });

  test("the printed units are those that are installed", () => {
    expect(install("--no-enable").code).toBe(0);
    const { stdout } = box.run([node, "/opt/sessreap/bin/sessreap.cjs", "units", "print"], alice);
    expect(stdout).toContain(unit("sessreap.service"));
    expect(stdout).toContain(unit("sessreap.timer"));
  });
});
