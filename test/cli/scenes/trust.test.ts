import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";
import { by, configure, daysAgo, leaveOut, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";

/** A user who has neither an account nor a process. */
const [alice, bob] = [54_321, nobody];

const since = daysAgo(1);

/** A directory of a user, which other users may not enter. */
function ownedBy(uid: number, path: string): string {
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, uid, uid);
  return path;
}

/** A directory registry at a path, declared in the configuration of the user who sweeps. */
function declareFiles(scratch: Scratch, path: string): void {
  configure(scratch, { registries: [{ format: "json-file", path, pattern: "*.json", fields: { pid: "pid", registeredAt: "since" } }] });
}

async function ghostIn(directory: string, uid: number): Promise<string> {
  const { pid } = await gonePid();
  const path = writeOld(join(directory, "ghost.json"), JSON.stringify({ pid, since }));
  chownSync(path, uid, uid);
  return path;
}

function linkOf(uid: number, target: string, path: string): void {
  symlinkSync(target, path);
  lchownSync(path, uid, uid);
}

if (!isRoot) leaveOut("what other users put in root's way", "only root can be several users");

describe.runIf(isRoot)("a directory that root sweeps", () => {
  test("is not followed through a user's link to another user's files", async () => {
    const scratch = newScratch(openPlace());
    const [home, private_] = [ownedBy(alice, join(scratch.dir, "alice")), ownedBy(bob, join(scratch.dir, "bob"))];
    const ghost = await ghostIn(private_, bob);
    linkOf(alice, private_, join(home, "reg"));
    declareFiles(scratch, join(home, "reg"));
    const report = await sweepReport(scratch, []);
    expect(report.registries).toMatchObject([
      { state: "unreadable", problem: `is not user ${alice}'s, whose symbolic link leads to it; name the directory itself` },
    ]);
    expect(report.exitCode).toBe(1);
    expect(readdirSync(private_)).toEqual(["ghost.json"]);
    expect(existsSync(ghost)).toBe(true);
  });

  test("is followed through that user's link to that user's own, and through root's to any", async () => {
    const scratch = newScratch(openPlace());
    const [home, kept] = [ownedBy(alice, join(scratch.dir, "alice")), ownedBy(alice, join(scratch.dir, "kept"))];
    linkOf(alice, kept, join(home, "reg"));
    linkOf(0, kept, join(scratch.dir, "roots"));
    for (const path of [join(home, "reg"), `${join(scratch.dir, "roots")}/`]) {
      const ghost = await ghostIn(kept, alice);
      declareFiles(scratch, path);
      expect(by(await sweepReport(scratch, []), "action")).toEqual({ "ghost.json": "reaped" });
      expect(existsSync(ghost)).toBe(false);
    }
  });

  test("that has become a user's link to another user's gets nothing back by restore", async () => {
    const scratch = newScratch(openPlace());
    const [home, private_] = [ownedBy(alice, join(scratch.dir, "alice")), ownedBy(bob, join(scratch.dir, "bob"))];
    await ghostIn(ownedBy(alice, join(home, "reg")), alice);
    declareFiles(scratch, join(home, "reg"));
    const { sweepId, summary } = await sweepReport(scratch, []);
    expect(summary.reaped).toBe(1);
    renameSync(join(home, "reg"), join(home, "before"));
    linkOf(alice, private_, join(home, "reg"));
    const { code, stdout } = await sessreap(scratch, ["restore", "--sweep", sweepId]);
    expect(stdout).toContain(`is not user ${alice}'s, whose symbolic link leads to it`);
    expect(code).toBe(3);
    expect(readdirSync(private_)).toEqual([]);
  });

  test("in a directory of theirs that everybody may write is not followed through any link", async () => {
    const scratch = newScratch(openPlace());
    const [open, kept] = [join(scratch.dir, "open"), ownedBy(alice, join(scratch.dir, "kept"))];
    mkdirSync(open);
    chmodSync(open, 0o777);
    await ghostIn(kept, alice);
    linkOf(alice, kept, join(open, "reg"));
    declareFiles(scratch, join(open, "reg"));
    expect((await sweepReport(scratch, [])).registries).toMatchObject([{ state: "unreadable" }]);
    expect(readdirSync(kept)).toEqual(["ghost.json"]);
  });
});

describe.runIf(isRoot)("a configuration of root's", () => {
  const cases: readonly (readonly [what: string, spoil: (path: string) => string])[] = [
    [
      "that alice's group can write, and would run alice's command",
      (path) => {
        chownSync(path, 0, alice);
        chmodSync(path, 0o664);
        return `can be written by group ${alice}, which is not yours alone; chmod g-w it`;
      },
    ],
    [
      "in a directory that a group can write and hands down",
      (path) => {
        chownSync(dirname(path), 0, alice);
        chmodSync(dirname(path), 0o2775);
        return `lies below ${dirname(path)}, where group ${alice} could replace it; chmod g-w ${dirname(path)}`;
      },
    ],
    [
      "below a directory that everybody can write",
      (path) => {
        chmodSync(dirname(dirname(path)), 0o777);
        return `lies below ${dirname(dirname(path))}, where everybody could replace it; chmod o-w ${dirname(dirname(path))}`;
      },
    ],
    [
      "below a directory of alice's",
      (path) => {
        chownSync(dirname(dirname(path)), alice, alice);
        return `lies below ${dirname(dirname(path))}, which belongs to user ${alice}, who could replace it`;
      },
    ],
    [
      "behind alice's link in a sticky directory",
      (path) => {
        const [place, kept] = [dirname(path), join(dirname(dirname(path)), "kept.json")];
        renameSync(path, kept);
        chmodSync(place, 0o1777);
        linkOf(alice, kept, path);
        return `is reached through ${path}, a symbolic link of user ${alice}'s`;
      },
    ],
  ];
  test.each(cases)("%s is refused, however it is named", async (_, spoil) => {
    const scratch = newScratch(openPlace());
    const path = configure(scratch, { registries: [] });
    const problem = spoil(path);
    for (const words of [[], ["--config", path], ["--config", `${dirname(path)}/./x/..//config.json`], ["doctor"]]) {
      mkdirSync(join(dirname(path), "x"), { recursive: true });
      const { code, stderr } = await sessreap(scratch, words);
      expect(stderr.replace(/^error {3}\S+config\.json: /, "")).toBe(`${problem}\n`);
      expect(code).toBe(2);
    }
  });

  test("in a sticky directory is root's alone, and so is one that root's own group can write", async () => {
    const scratch = newScratch(openPlace());
    const path = configure(scratch, { grace: "3m" });
    chmodSync(dirname(path), 0o1777);
    chmodSync(path, 0o664);
    expect((await sessreap(scratch, ["config"])).stdout).toContain("3m ");
  });
});

describe.runIf(isRoot)("root in the home of another user", () => {
  test("is told to run as that user, and makes nothing there", async () => {
    const scratch = newScratch(openPlace());
    chownSync(scratch.home, bob, bob);
    const env = { SESSREAP_STATE_DIR: "", XDG_STATE_HOME: "" };
    const path = join(scratch.home, "agents.json");
    const { pid } = await gonePid();
    writeFileSync(path, JSON.stringify({ ghost: { pid, since } }));
    for (const words of [[], ["reap", "ghost"], ["watch"]]) {
      const { code, stderr } = await sessreap(scratch, words, { env });
      expect(stderr).toContain(`.local/state/sessreap lies below ${scratch.home}, which is user nobody's: no state is kept there`);
      expect(stderr).toContain("run as that user (sudo -H -u 'nobody' sessreap)");
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(code).toBe(2);
    }
    expect(readdirSync(scratch.home)).toEqual(["agents.json"]);
    expect(readFileSync(path, "utf8")).toContain("ghost");
    expect((await sessreap(scratch, ["--dry-run"], { env })).code).toBe(0);
  });

  test("sweeps with a state directory of its own", async () => {
    const scratch = newScratch(openPlace());
    chownSync(scratch.home, bob, bob);
    expect((await sessreap(scratch, [])).code).toBe(0);
  });
});

describe.runIf(isRoot)("places that another user has made", () => {
  test("in the current directory and in the temporary one are none of root's, and say nothing", async () => {
    const scratch = newScratch(openPlace());
    const [cwd, temporary] = [ownedBy(alice, join(scratch.dir, "project")), join(scratch.dir, "tmp")];
    mkdirSync(temporary);
    chmodSync(temporary, 0o1777);
    mkdirSync(join(cwd, ".omx"));
    const { pid } = await gonePid();
    const state = ownedBy(alice, join(cwd, ".omx", "state"));
    const session = writeOld(join(state, "session.json"), JSON.stringify({ session_id: "omx-1", pid, started_at: since }));
    linkOf(alice, state, join(temporary, "codex-companion"));
    const options = { cwd, env: { TMPDIR: temporary } };
    const report = await sweepReport(scratch, [], options);
    expect(report).toMatchObject({ exitCode: 0, entries: [] });
    expect(report.registries.filter(({ state: found }) => found !== "missing")).toEqual([]);
    expect(existsSync(session)).toBe(true);
    const { stdout } = await sessreap(scratch, ["config", "-v"], options);
    expect(stdout).toContain(`${cwd}/.omx/state (omx-session, well-known place, seen from here only)`);
    expect(stdout).toContain("~/.omx/state (omx-session, well-known place)");
    for (const path of [join(cwd, ".omx"), state, session]) chownSync(path, 0, 0);
    const own = await sweepReport(scratch, [], options);
    expect(own.registries.filter(({ state: found }) => found !== "missing")).toMatchObject([{ path: state }]);
  });

  test("as the metrics file are replaced, never written through", async () => {
    const scratch = newScratch(openPlace());
    const [theirs, open] = [writeOld(join(scratch.dir, "theirs"), "kept"), join(scratch.dir, "open")];
    mkdirSync(open);
    chmodSync(open, 0o1777);
    linkOf(alice, theirs, join(open, "sessreap.prom"));
    expect((await sessreap(scratch, ["sweep", "--metrics-file", join(open, "sessreap.prom")])).code).toBe(0);
    expect(readFileSync(theirs, "utf8")).toBe("kept");
    expect(readFileSync(join(open, "sessreap.prom"), "utf8")).toContain("sessreap_last_run_success 1");
    const [home, private_] = [ownedBy(alice, join(scratch.dir, "alice")), ownedBy(bob, join(scratch.dir, "bob"))];
    linkOf(alice, private_, join(home, "metrics"));
    const { stderr } = await sessreap(scratch, ["sweep", "--metrics-file", join(home, "metrics", "sessreap.prom")]);
    expect(stderr).toContain(`could not be written: is not user ${alice}'s, whose symbolic link leads to it`);
    expect(readdirSync(private_)).toEqual([]);
    expect(readdirSync(open)).toEqual(["sessreap.prom"]);
  });
});

test.runIf(isRoot)("root finds no program on a PATH of another user's", async () => {
  const scratch = newScratch(openPlace());
  const bin = ownedBy(alice, join(scratch.dir, "bin"));
  const ran = join(scratch.dir, "ran");
  for (const name of ["perl", "ls", "systemctl", "tmux"]) {
    writeFileSync(join(bin, name), `#!/bin/sh\ntouch ${ran}\nexit 1\n`, { mode: 0o755 });
  }
  const path = join(scratch.dir, "agents.json");
  const { pid } = await gonePid();
  writeOld(path, JSON.stringify({ ghost: { pid, since } }));
  const owner = { unit: "sessreap-test-none.service" };
  configure(scratch, { registries: [{ format: "keyed-json", path, fields: { pid: "pid", registeredAt: "since" }, owner }] });
  for (const words of [["sweep"], ["doctor"]]) {
    await sessreap(scratch, words, { env: { PATH: `${bin}::.:${process.env["PATH"]}` } });
  }
  expect(existsSync(ran)).toBe(false);
});

test("what an entry says beside its fields is printed by no command", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "agents.json");
  const { pid } = await gonePid();
  const text = JSON.stringify({ ghost: { pid, since, token: "s3cr3t" }, odd: { pid: "s3", token: ["s3cr3t"] } });
  configure(scratch, { registries: [{ format: "keyed-json", path, fields: { pid: "pid", registeredAt: "since" } }] });
  writeOld(path, text);
  for (const words of [["list", "-v"], ["explain", "ghost"], ["-n", "--json"], ["sweep", "-v"], ["history", "--json"], ["doctor"]]) {
    const { stdout, stderr } = await sessreap(scratch, words);
    expect(`${stdout}${stderr}`).not.toContain("s3cr3t");
    expect(`${stdout}${stderr}`).not.toBe("");
  }
  expect(readFileSync(path, "utf8")).not.toContain('"ghost"');
});
