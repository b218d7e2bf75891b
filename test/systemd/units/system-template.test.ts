import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkDocument } from "../../output-schema.ts";
import { bootBox, until, type Box, type RunOptions } from "../box.ts";
import {
  alice,
  configure,
  describeBox,
  type Diagnosis,
  endedPid,
  journal,
  node,
  put,
  register,
  registered,
  registryPath,
  script,
  sessreap,
  startHolder,
} from "../boxes.ts";

const service = "sessreap@alice.service";
const asRoot = {};

describeBox("the system's template for a user", () => {
  let box: Box;
  const systemctl = (...words: readonly string[]) => box.run(["systemctl", ...words]);
  const dropIn = (text: string): void => {
    mkdirSync(box.path(`/etc/systemd/system/${service}.d`), { recursive: true });
    writeFileSync(box.path(`/etc/systemd/system/${service}.d/zz-test.conf`), text);
    systemctl("daemon-reload");
  };
  const undrop = (): void => {
    box.run(["rm", "-f", `/etc/systemd/system/${service}.d/zz-test.conf`]);
    systemctl("daemon-reload");
    systemctl("reset-failed");
  };
  beforeAll(async () => {
    box = await bootBox("system");
    configure(box);
    register(box, {});
  });
  afterAll(async () => {
    await box.stop();
  });

  test("is root's to install", () => {
    expect(sessreap(box, ["units", "install", "--system", "alice"])).toMatchObject({ code: 2, stderr: expect.stringContaining("sudo") });
    expect(sessreap(box, ["units", "install", "--system", "nobody-here"], asRoot)).toMatchObject({ code: 2 });
    expect(existsSync(box.path("/etc/systemd/system/sessreap@.service"))).toBe(false);
  });

  test("may write where alice's registries are, and runs as alice", async () => {
    const { code, stdout } = sessreap(box, ["units", "install", "--system", "alice"], asRoot);
    expect(stdout).toMatch(/^first {4}\d+ registration/m);
    expect(code).toBe(0);
    const drop = readFileSync(box.path(`/etc/systemd/system/${service}.d/access.conf`), "utf8");
    expect(drop).toMatch(/^ReadWritePaths=.*-\/home\/alice\/bridge( |$)/m);
    expect(statSync(box.path("/home/alice/.local/state/sessreap/last-run.json")).uid).toBe(4241);
    const timer = "/etc/systemd/system/sessreap@alice.timer.d";
    mkdirSync(box.path(timer));
    writeFileSync(box.path(`${timer}/fast.conf`), "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/3\nAccuracySec=100ms\nRandomizedDelaySec=0\n");
    const live = startHolder(box);
    register(box, { live, ghost: { pid: endedPid(box), start: "17" } });
    systemctl("daemon-reload");
    systemctl("restart", "sessreap@alice.timer");
    await until("the ghost is gone", () => !registered(box).includes("ghost"));
    expect(registered(box)).toEqual(["live"]);
    expect(statSync(box.path(registryPath))).toMatchObject({ uid: 4241, gid: 4241 });
    const said = () => journal(box, "-u", service, "SYSLOG_IDENTIFIER=sessreap");
    const lines = await until("a line in the journal", () => (said().length > 0 ? said() : undefined));
    expect(lines.map(({ MESSAGE }) => MESSAGE)).toEqual([expect.stringMatching(/^reaped ghost of /)]);
    box.run(["rm", "-r", timer]);
    systemctl("daemon-reload");
    systemctl("stop", "sessreap@alice.timer");
  });

  const doctorOf = (words: readonly string[], options: RunOptions) => {
    const { code, stdout, stderr } = sessreap(box, ["doctor", "--json", "--exit-code", ...words], options);
    const document = JSON.parse(stdout) as Diagnosis | { readonly error: { readonly message: string } };
    if ("error" in document) return { code, stderr: document.error.message, guards: [] };
    checkDocument(document);
    return { code, stderr, guards: document.guards };
  };

  test("is looked at by root and by alice alike, with the environment of the service, and by nobody else", () => {
    systemctl("start", "sessreap@alice.timer");
    systemctl("start", service);
    mkdirSync(box.path("/etc/sessreap"), { recursive: true });
    writeFileSync(box.path("/etc/sessreap/alice.env"), "SESSREAP_STATE_DIR=/home/alice/kept\n", { mode: 0o600 });
    box.run(["setpriv", "--reuid", "4241", "--regid", "4241", "--clear-groups", "mkdir", "-m", "700", "/home/alice/kept"]);
    const [byRoot, byAlice] = [doctorOf(["--system", "alice"], asRoot), doctorOf(["--system", "alice"], alice)];
    for (const { guards } of [byRoot, byAlice]) {
      expect(guards.find(({ guard }) => guard === "timer")).toMatchObject({ name: "sessreap@alice.timer", posture: "on", cause: "fine" });
      expect(guards.find(({ guard }) => guard === "registry")).toMatchObject({ name: registryPath, posture: "on" });
      expect(guards.filter(({ name }) => name === "sessreap.timer")).toEqual([]);
    }
    // Root reads what the service is going to have; alice says that she may not.
    expect(byRoot.guards.find(({ guard }) => guard === "state")?.name).toBe("/home/alice/kept");
    expect(byAlice.guards.find(({ guard }) => guard === "state")?.name).toBe("/home/alice/.local/state/sessreap");
    expect(byAlice.guards.find(({ guard }) => guard === "environment")?.detail).toContain("not read here: /etc/sessreap/alice.env");
    expect(byRoot.code).toBe(10);
    box.run(["rm", "-r", "/etc/sessreap/alice.env", "/home/alice/kept"]);
    expect(doctorOf(["--system", "alice"], asRoot)).toMatchObject({ code: 0, stderr: "" });
    expect(doctorOf(["--system", "alice"], { as: "bob" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("only root and alice"),
    });
    expect(doctorOf(["--system", "bob"], asRoot).guards.find(({ guard }) => guard === "timer")).toMatchObject({
      name: "sessreap@bob.timer",
      posture: "off",
    });
    expect(box.run(["find", "/home/alice/.local", "!", "-user", "alice"]).stdout).toBe("");
  });

  test("is said to write nothing where a registry was declared after it was installed", () => {
    box.run(["setpriv", "--reuid", "4241", "--regid", "4241", "--clear-groups", "mkdir", "-p", "/home/alice/later place"]);
    configure(box, { path: "/home/alice/later place/agents.json" });
    put(box, "/home/alice/later place/agents.json", "{}\n");
    const sandbox = () => doctorOf(["--system", "alice"], asRoot).guards.filter(({ cause }) => cause === "sandbox");
    expect(sandbox()).toMatchObject([
      {
        name: service,
        detail: "its sandbox lets it write nothing in /home/alice/later place",
        cure: "sudo sessreap units install --system alice",
      },
    ]);
    expect(sessreap(box, ["units", "install", "--system", "alice"], asRoot).code).toBe(0);
    expect(sandbox()).toEqual([]);
    configure(box);
    expect(sessreap(box, ["units", "install", "--system", "alice"], asRoot).code).toBe(0);
  });

  test("of a user whose state cannot be made is refused, dry run or not", () => {
    put(box, "/etc/sessreap/alice.env", "SESSREAP_STATE_DIR=/srv/nowhere/of/hers\n");
    const words = ["units", "install", "--system", "alice"];
    const [dry, wet] = [sessreap(box, [...words, "-n"], asRoot), sessreap(box, words, asRoot)];
    box.run(["rm", "/etc/sessreap/alice.env"]);
    for (const { code, stderr } of [dry, wet])
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("/srv/nowhere/of/hers cannot be made") });
  });

  test("can write nothing else of alice's", () => {
    const probe = "touch /home/alice/written; cat /home/alice/.ssh/id; touch /opt/sessreap/written; touch /home/alice/bridge/written";
    put(box, "/home/alice/.ssh/id", "secret");
    dropIn(`[Service]\nSyslogIdentifier=probe\nExecStart=\nExecStart=-/bin/sh -c "${probe}"\n`);
    systemctl("start", service);
    const said = journal(box, "SYSLOG_IDENTIFIER=probe").map(({ MESSAGE }) => MESSAGE);
    expect(said).toEqual([expect.stringContaining("Read-only"), expect.stringContaining("denied"), expect.stringContaining("Read-only")]);
    expect(existsSync(box.path("/home/alice/bridge/written"))).toBe(true);
    undrop();
  });

  test("is exposed by no more than 2.0", () => {
    expect(box.run(["systemd-analyze", "security", "--threshold=20", "--no-pager", service]).code).toBe(0);
  });

  describeBox("made blind by an option that hides processes", () => {
    beforeEach(() => {
      undrop();
    });
    const version = (): number => Number(/systemd (\d+)/.exec(box.run(["systemctl", "--version"]).stdout)?.[1]);

    test.each([
      ["only ourselves in /proc", "PrivateUsers=yes\nProtectProc=invisible", 0],
      ["only our own processes in /proc", "ProtectProc=invisible", 0],
      ["a pid namespace of our own", "PrivatePIDs=yes", 256],
    ])("%s: nothing is purged, and the run fails", (_, options, since) => {
      if (version() < since) {
        process.stderr.write(`\nSKIPPED: ${options} needs systemd ${since}, this is ${version()}\n`);
        return;
      }
      const live = startHolder(box);
      register(box, { live, ghost: { pid: endedPid(box), start: "17" } });
      const before = readFileSync(box.path(registryPath), "utf8");
      dropIn(`[Service]\n${options}\n`);
      expect(systemctl("start", service).code).not.toBe(0);
      expect(readFileSync(box.path(registryPath), "utf8")).toBe(before);
      undrop();
      expect(systemctl("start", service).code).toBe(0);
      expect(registered(box)).toEqual(["live"]);
    });
  });

  test("gives a registry of one of alice's other groups that group back", () => {
    const group = readFileSync(box.path("/etc/group"), "utf8");
    writeFileSync(box.path("/etc/group"), `${group}team:x:4300:alice\n`);
    register(box, { ghost: { pid: endedPid(box), start: "17" } });
    box.run(["chgrp", "team", registryPath]);
    box.run(["chmod", "660", registryPath]);
    expect(systemctl("start", service)).toMatchObject({ code: 0, stderr: "" });
    expect(registered(box)).toEqual([]);
    const { uid, gid, mode } = statSync(box.path(registryPath));
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 4241, gid: 4300, mode: 0o660 });
  });

  test("opens no directory that holds the home", () => {
    const drop = readFileSync(box.path(`/etc/systemd/system/${service}.d/access.conf`), "utf8");
    const paths = /^ReadWritePaths=(.*)$/m.exec(drop)?.[1]?.split(" ") ?? [];
    expect(paths).toContain("-/home/alice/.local/state/sessreap");
    expect(paths.filter((path) => /^-\/(?:home(?:\/alice)?)?\/?$/.test(path))).toEqual([]);
  });

  test("as a package ships it, works on a home in which nothing is yet", () => {
    box.run(["sh", "-c", "rm -rf /home/bob && mkdir /home/bob && chown bob:bob /home/bob && chmod 700 /home/bob"]);
    put(box, "/usr/bin/sessreap", `#!/bin/sh\nexec ${node} ${script} "$@"\n`);
    box.run(["chmod", "755", "/usr/bin/sessreap"]);
    put(box, "/etc/sessreap/bob.env", "SESSREAP_PID_NAMESPACE=own\n");
    box.run(["sh", "-c", "mkdir -p /run/systemd/system"]);
    for (const name of ["sessreap@.service", "sessreap@.timer"])
      writeFileSync(box.path(`/run/systemd/system/${name}`), readFileSync(`systemd/system/${name}`));
    box.run(["sh", "-c", "mkdir /root/aside && mv /etc/systemd/system/sessreap@.* /root/aside/"]);
    systemctl("daemon-reload");
    expect(systemctl("start", "sessreap@bob.service")).toMatchObject({ code: 0, stderr: "" });
    const state = "/home/bob/.local/state/sessreap";
    expect(statSync(box.path(state))).toMatchObject({ uid: 4242, gid: 4242 });
    expect(statSync(box.path(state)).mode & 0o777).toBe(0o700);
    expect(statSync(box.path(`${state}/last-run.json`)).uid).toBe(4242);
    box.run(["sh", "-c", "mv /root/aside/* /etc/systemd/system/ && rmdir /root/aside && rm /run/systemd/system/sessreap@.*"]);
    systemctl("daemon-reload");
  });

  test("of a package: an upgrade restarts who watches, a removal stops all, a purge leaves no link, and nothing is enabled by any", async () => {
    put(box, "/usr/bin/sessreap", `#!/bin/sh\nexec ${node} ${script} "$@"\n`);
    box.run(["chmod", "755", "/usr/bin/sessreap"]);
    box.run(["sh", "-c", "mkdir /root/aside && mv /etc/systemd/system/sessreap* /root/aside/"]);
    for (const name of readdirSync("systemd/system"))
      writeFileSync(box.path(`/usr/lib/systemd/system/${name}`), readFileSync(`systemd/system/${name}`));
    for (const name of ["postinst", "prerm", "postrm"])
      writeFileSync(box.path(`/root/${name}`), readFileSync(`scripts/release/debian/${name}`));
    const dpkg = (name: string, ...words: readonly string[]) =>
      expect(box.run(["sh", `/root/${name}`, ...words])).toMatchObject({ code: 0, stdout: "" });
    const enabled = () =>
      box
        .run(["find", "/etc/systemd", "-name", "sessreap*@*", "-type", "l"])
        .stdout.trim()
        .split("\n")
        .filter((path) => path !== "")
        .toSorted();
    const mainPid = () => systemctl("show", "-P", "MainPID", "sessreap-watch@alice.service").stdout.trim();
    dpkg("postinst", "configure", "");
    systemctl("daemon-reload");
    systemctl("stop", "sessreap@alice.timer");
    box.run(["sh", "-c", "rm -f /etc/systemd/system/*.wants/sessreap*"]);
    expect(enabled()).toEqual([]);
    expect(systemctl("enable", "--now", "sessreap@alice.timer", "sessreap-watch@alice.service").code).toBe(0);
    const [links, before] = [enabled(), mainPid()];
    expect(links).toHaveLength(2);
    dpkg("postinst", "configure", "0.1.0");
    expect(Number(mainPid())).toBeGreaterThan(0);
    expect(mainPid()).not.toBe(before);
    dpkg("prerm", "upgrade", "0.2.0");
    expect(systemctl("is-active", "sessreap@alice.timer").code).toBe(0);
    dpkg("prerm", "remove");
    for (const unit of ["sessreap@alice.timer", "sessreap-watch@alice.service"]) expect(systemctl("is-active", unit).code).not.toBe(0);
    box.run(["sh", "-c", "rm /usr/lib/systemd/system/sessreap*"]);
    dpkg("postrm", "remove");
    expect(enabled()).toEqual(links);
    dpkg("postrm", "purge");
    expect(enabled()).toEqual([]);
    box.run(["sh", "-c", "mv /root/aside/* /etc/systemd/system/; rmdir /root/aside"]);
    systemctl("daemon-reload");
  });

  test("uninstall keeps the template while another user needs it, and then nothing", () => {
    expect(sessreap(box, ["units", "install", "--system", "bob"], asRoot).code).toBe(0);
    expect(sessreap(box, ["units", "uninstall", "--system", "alice"], asRoot).code).toBe(0);
    expect(existsSync(box.path("/etc/systemd/system/sessreap@.timer"))).toBe(true);
    expect(systemctl("is-active", "sessreap@bob.timer").code).toBe(0);
    expect(sessreap(box, ["units", "uninstall", "--system", "bob"], asRoot).code).toBe(0);
    expect(box.run(["find", "/etc/systemd", "/var/lib/systemd", "-name", "*sessreap*"]).stdout).toBe("");
    expect(systemctl("list-units", "--all", "--no-legend", "sessreap*").stdout).toBe("");
  });
});
