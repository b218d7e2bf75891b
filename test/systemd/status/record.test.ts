import { execa } from "execa";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LastRun } from "../../../src/report/model/last-run.ts";
import { fields } from "../../fields.ts";

const program = resolve("dist/sessreap.cjs");

/** A home with one registry that the configuration names: a ghost of long ago whose pid is gone, and ourselves. */
function makeHome(): { readonly home: string; readonly registry: string; readonly state: string } {
  const home = mkdtempSync(join(tmpdir(), "sessreap-record-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const registry = join(home, "agents.json");
  const long = "2026-01-01T00:00:00Z";
  const boot = "00000000-0000-0000-0000-000000000000";
  writeFileSync(
    registry,
    JSON.stringify({ ghost: { pid: 4_000_000, boot, since: long }, live: { pid: process.pid, since: long } }, undefined, 2),
  );
  mkdirSync(join(home, ".config", "sessreap"), { recursive: true });
  writeFileSync(
    join(home, ".config", "sessreap", "config.json"),
    JSON.stringify({
      grace: "0",
      pidNamespace: "own",
      registries: [{ format: "keyed-json", path: registry, fields, about: "session" }],
    }),
  );
  return { home, registry, state: join(home, ".local", "state", "sessreap") };
}

const environment = (home: string) => ({ PATH: process.env["PATH"] ?? "", HOME: home });

function readRun(state: string): LastRun {
  return JSON.parse(readFileSync(join(state, "last-run.json"), "utf8")) as LastRun;
}

async function sweep(home: string, ...words: readonly string[]) {
  return execa(process.execPath, [program, ...words], { reject: false, extendEnv: false, env: environment(home) });
}

describe("the record of a sweep", () => {
  test("says when it started, finished and worked, and what it counted", async () => {
    const { home, state } = makeHome();
    const { exitCode } = await sweep(home);
    expect(exitCode).toBe(0);
    const run = readRun(state);
    expect(run).toMatchObject({ ok: true, exitCode: 0, reapedTotal: 1, posture: "on", counts: { reaped: 1, live: 1 } });
    expect(run.lastOk).toBe(run.finished);
    expect(run.finished !== null && run.finished >= run.started).toBe(true);
    expect(statSync(join(state, "last-run.json")).mode & 0o777).toBe(0o600);
  });

  test("is not touched by a dry run", async () => {
    const { home, state } = makeHome();
    await sweep(home, "--dry-run", "--metrics-file", join(home, "m.prom"));
    expect(() => readRun(state)).toThrow("ENOENT");
    expect(readdirSync(home)).not.toContain("m.prom");
  });

  test("keeps the last success when a registry cannot be read", async () => {
    const { home, registry, state } = makeHome();
    await sweep(home);
    const { lastOk } = readRun(state);
    writeFileSync(registry, "{ torn");
    const { exitCode } = await sweep(home);
    expect(exitCode).toBe(1);
    expect(readRun(state)).toMatchObject({ ok: false, lastOk, posture: "blind", reapedTotal: 1 });
  });

  test("goes out as metrics that everybody can read, whatever the umask", async () => {
    const { home } = makeHome();
    const file = join(home, "sessreap.prom");
    await execa("sh", ["-c", 'umask 077; exec "$@"', "sh", process.execPath, program, "--metrics-file", file], {
      extendEnv: false,
      env: environment(home),
    });
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readFileSync(file, "utf8")).toMatch(/^sessreap_reaped_total 1$/m);
    expect(readdirSync(home).filter((name) => name.startsWith("sessreap.prom"))).toEqual(["sessreap.prom"]);
  });

  test("that cannot be written does not fail the sweep, and is told", async () => {
    const { home } = makeHome();
    const { exitCode, stderr } = await sweep(home, "--metrics-file", join(home, "nowhere", "m.prom"));
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning .*m\.prom could not be written/m);
  });
});

describe("output to the journal", () => {
  /** A sweep whose stdout and stderr are a file that is said to be the journal's. */
  function sweepIntoJournal(home: string, isTruth: boolean): string {
    const path = join(home, "journal");
    const fd = openSync(path, "w");
    const { dev, ino } = fstatSync(fd, { bigint: true });
    try {
      const env = { ...environment(home), JOURNAL_STREAM: `${dev}:${isTruth ? ino : ino + 1n}` };
      spawnSync(process.execPath, [program], { env, stdio: ["ignore", fd, fd] });
    } finally {
      closeSync(fd);
    }
    return readFileSync(path, "utf8");
  }

  test("is one line for the ghost that went, and nothing in the next sweep", () => {
    const { home, registry } = makeHome();
    expect(sweepIntoJournal(home, true)).toMatch(/^<5>reaped ghost of .*\n$/);
    expect(sweepIntoJournal(home, true)).toBe("");
    expect(Object.keys(JSON.parse(readFileSync(registry, "utf8")) as object)).toEqual(["live"]);
  });

  test("is not taken for it when only the variable was inherited", () => {
    const { home } = makeHome();
    expect(sweepIntoJournal(home, false)).toContain("1 reaped");
  });

  test("carries the priority of a failure", () => {
    const { home } = makeHome();
    writeFileSync(join(home, ".config", "sessreap", "config.json"), "{");
    expect(sweepIntoJournal(home, true)).toMatch(/^<3>sessreap: .*no JSON/);
  });
});

describe("a timer that went off in silence is told on stderr by a sweep by hand", () => {
  function installTimer(home: string, enabled: boolean): void {
    const units = join(home, ".config", "systemd", "user");
    mkdirSync(join(units, "timers.target.wants"), { recursive: true });
    writeFileSync(join(units, "sessreap.timer"), "");
    if (enabled) writeFileSync(join(units, "timers.target.wants", "sessreap.timer"), "");
  }

  test("installed but not enabled", async () => {
    const { home } = makeHome();
    installTimer(home, false);
    expect((await sweep(home)).stderr).toMatch(/^warning sessreap\.timer is installed but not enabled/m);
  });

  test("enabled, though nothing has worked for an hour", async () => {
    const { home, state } = makeHome();
    installTimer(home, true);
    expect((await sweep(home)).stderr).not.toContain("timer");
    const run = readRun(state);
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    writeFileSync(join(state, "last-run.json"), JSON.stringify({ ...run, lastWholeOk: hourAgo }));
    expect((await sweep(home)).stderr).toMatch(/its last sweep that succeeded was 1h ago/);
  });

  test("never installed is a choice", async () => {
    const { home } = makeHome();
    expect((await sweep(home)).stderr).not.toContain("timer");
  });
});
