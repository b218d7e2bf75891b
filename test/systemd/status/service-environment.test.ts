import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Guard } from "../../../src/report/model/guards.ts";
import { bootBox, enableLinger, type Box } from "../box.ts";
import { alice, configure, describeBox, doctor, dropIn, put, register, sessreap, startHolder, undrop, userctl } from "../boxes.ts";

const secret = "ws://bob:hunter2@127.0.0.1:8788/?token=hunter2";

describeBox("doctor sees the environment that a service gets", () => {
  let box: Box;
  const environment = (env: Readonly<Record<string, string>> = {}): Guard | undefined =>
    doctor(box, { ...alice, env }).guards.find(({ guard }) => guard === "environment");
  const fine = { cause: "fine", cure: null };

  beforeAll(async () => {
    box = await bootBox("environment", { userns: true });
    await enableLinger(box, "alice");
    configure(box);
    register(box, { live: startHolder(box) });
    sessreap(box, ["units", "install"], { ...alice, env: { CODEX_HOME: "/srv/recorded" } });
  });
  afterEach(() => undrop(box, "sessreap.service"));
  afterAll(async () => {
    await box.stop();
  });

  test.each<[string, string, Readonly<Record<string, string>>]>([
    ["from a file", "", { CODEX_HOME: "/srv/recorded" }],
    ["less what is taken away from it", "UnsetEnvironment=CODEX_HOME", {}],
    ["less a value that is taken away from it", "UnsetEnvironment=CODEX_HOME=/srv/recorded", {}],
    ["with a value that is not the one to be taken away", "UnsetEnvironment=CODEX_HOME=/srv/other", { CODEX_HOME: "/srv/recorded" }],
    ["with blanks", 'Environment="CLINE_DIR=/a b"', { CODEX_HOME: "/srv/recorded", CLINE_DIR: "/a b" }],
    ["with quotes", 'Environment="CLINE_DIR=/q\\"u\'o\\\\te"', { CODEX_HOME: "/srv/recorded", CLINE_DIR: "/q\"u'o\\te" }],
    ["with a dollar", "Environment='CLINE_DIR=/a$$b`c'", { CODEX_HOME: "/srv/recorded", CLINE_DIR: "/a$$b`c" }],
    [
      "with a line's end, behind which no other variable begins",
      'Environment="CLINE_DIR=/a\\nQWEN_HOME=/b"',
      { CODEX_HOME: "/srv/recorded", CLINE_DIR: "/a\nQWEN_HOME=/b" },
    ],
  ])("%s", (_, text, env) => {
    dropIn(box, "sessreap.service", `[Service]\n${text}\n`);
    expect(environment(env)).toMatchObject(fine);
    expect(environment({ ...env, COPILOT_HOME: "/srv/elsewhere" })).toMatchObject({ cause: "environment-differs" });
  });

  test("from files by a pattern, which are said to be unread, as is a FIFO that nobody writes to: nothing", () => {
    put(box, "/home/alice/envs/one.env", "QWEN_HOME=/srv/qwen\n");
    box.run(["mkfifo", "/home/alice/fifo"], alice);
    dropIn(box, "sessreap.service", "[Service]\nEnvironmentFile=/home/alice/envs/*.env\nEnvironmentFile=-/home/alice/fifo\n");
    expect(environment({ CODEX_HOME: "/srv/recorded" })).toMatchObject({
      ...fine,
      detail: "it has what this shell has; not read here: /home/alice/envs/*.env",
    });
  });

  test("from the manager of the user", () => {
    userctl(box, "set-environment", "QWEN_HOME=/srv/of the manager");
    expect(environment({ CODEX_HOME: "/srv/recorded" })?.detail).toContain("QWEN_HOME is /srv/of the manager there, unset here");
    userctl(box, "unset-environment", "QWEN_HOME");
  });

  test("of the system from the manager of the system, and its cure is no command of the user's", () => {
    expect(sessreap(box, ["units", "install", "--system", "alice"], {}).code).toBe(0);
    box.run(["systemctl", "set-environment", "CODEX_HOME=/srv/all"]);
    const { guards } = JSON.parse(sessreap(box, ["doctor", "--json", "--system", "alice"], alice).stdout) as {
      readonly guards: readonly Guard[];
    };
    expect(guards.find(({ guard }) => guard === "environment")).toMatchObject({
      name: "sessreap@alice.service",
      detail: expect.stringContaining("CODEX_HOME is /srv/all there, unset here"),
      cure: expect.stringContaining("the unit's environment file"),
    });
    box.run(["systemctl", "unset-environment", "CODEX_HOME"]);
    expect(sessreap(box, ["units", "uninstall", "--system", "alice"], {}).code).toBe(0);
  });

  test("of a home that the account writes with a slash behind it is the same one, and no path of a unit has two slashes", () => {
    box.run(["sed", "-i", "s,:/home/alice:,:/home/alice/:,", "/etc/passwd"]);
    expect(sessreap(box, ["units", "install", "--system", "alice"], {}).code).toBe(0);
    expect(box.run(["grep", "-rn", "e//", "/etc/systemd/system"]).stdout).toBe("");
    for (const options of [{}, alice]) {
      const { stdout } = sessreap(box, ["doctor", "--json", "--system", "alice"], options);
      const { guards } = JSON.parse(stdout) as { readonly guards: readonly Guard[] };
      expect(guards.filter(({ guard }) => guard === "environment")).toMatchObject([fine]);
      expect(guards.filter(({ cause }) => cause === "sandbox")).toEqual([]);
    }
    expect(sessreap(box, ["units", "uninstall", "--system", "alice"], {}).code).toBe(0);
    box.run(["sed", "-i", "s,:/home/alice/:,:/home/alice:,", "/etc/passwd"]);
  });

  test("and nobody says or keeps what may be a password in it", () => {
    const env = { CODEX_HOME: "/srv/recorded", CODEX_APP_SERVER_URL: secret };
    const said = [
      ["units", "install", "-n"],
      ["units", "install"],
      ["units", "print", "--cron"],
      ["units", "print"],
      ["doctor", "-v"],
      ["doctor", "--json"],
    ].map((words) => sessreap(box, words, { ...alice, env }));
    expect(said.map(({ code }) => code)).toEqual(said.map(() => 0));
    expect(JSON.stringify(said)).not.toContain("hunter2");
    expect(said[1]?.stdout).toContain("not recorded: CODEX_APP_SERVER_URL: it may hold a password or a token");
    writeFileSync(box.path("/home/alice/.config/sessreap/env"), `SESSREAP_APP_SERVER=${secret}\n`);
    const refused = sessreap(box, ["doctor"], alice);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("SESSREAP_APP_SERVER: what is given (not shown) is not a loopback"),
    });
    expect(JSON.stringify(refused)).not.toContain("hunter2");
    box.run(["rm", "/home/alice/.config/sessreap/env"]);
    expect(box.run(["grep", "-r", "hunter2", "/home/alice"]).stdout).toBe("");
  });

  test("what was written is said with the directory in which it is, and who is to look", () => {
    const { stdout } = sessreap(box, ["units", "install"], { ...alice, env: { CODEX_HOME: "/srv/recorded" } });
    expect(stdout).toMatch(
      /^wrote {4}sessreap\.service, sessreap\.timer in ~\/\.config\/systemd\/user\n {9}units\.env in ~\/\.config\/sessreap$/m,
    );
  });
});
