import { describe, expect, test } from "vitest";
import { agentOf, packageAgentOf, scriptOf } from "../../../src/core/agents/agents.ts";
import { parseDuration } from "../../../src/core/duration.ts";
import { judgeHostLock, lockHeartbeatMs, type HostLockObservation } from "../../../src/core/revisions/renamed-host.ts";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { isService, sessionOf } from "../../../src/core/agents/session-argv.ts";
import { claimFrom } from "../../../src/registries/fields.ts";
import { largestPid } from "../../../src/registries/field-readers.ts";

const id = "019d0000-1111-7000-8000-00000000000a";

describe("what an argv runs", () => {
  test.each([
    [["codex-x86_64-unknown-linux-musl"], "codex"],
    [["my-codex-x86_64-linux"], undefined],
    [["/opt/node_modules/x/node_modules/@openai/codex/bin/codex-main.js"], undefined],
    [["node", "/opt/node_modules/x/node_modules/@openai/codex/bin/main.js"], "codex"],
    [["node", "node_modules/@anthropic-ai/claude-code/cli.js"], "claude"],
    [["node", "node_modules/@openai/other/cli.js"], undefined],
    [["node", "/x/codex.js.bak"], undefined],
    [["node", "/x/codex.js"], "codex"],
    [["node", "--require", "/x/codex.js", "/x/other.js"], undefined],
    [["node", "--require"], undefined],
    [["node"], undefined],
    [["python3", "-m"], undefined],
    [["node", "node_modules/@openai/codex/bin/main.js"], "codex"],
    [["node", "/h/anthropic.claude-code-2.1.197/node_modules/x/run.js"], "claude"],
    [["/lib/ld-linux-x86-64.so.2", "/usr/bin/codex"], "codex"],
    [["/lib/ld-linux-x86-64.so.2-old", "/usr/bin/codex"], undefined],
    [["qemu-x86_64-static", "/usr/bin/codex"], "codex"],
    [["qemu-x86_64-static.d", "/usr/bin/codex"], undefined],
    // Launchers that run launchers are followed for five, and no further.
    [["node", "node", "node", "node", "node", "codex.js"], "codex"],
    [["node", "node", "node", "node", "node", "node", "codex.js"], undefined],
    [["/opt/codex.js (deleted)"], "codex"],
    [[], undefined],
  ])("%j: %s", (argv, name) => {
    expect(agentOf(argv)).toBe(name);
  });

  test.each([
    ["/n/node_modules/@openai/codex/bin/main.js", "codex"],
    ["/n/node_modules/@openai/other/bin/codex.js", undefined],
    ["/h/anthropic.claude-code-2.1.197/resources/cli.js", "claude"],
    ["/w/@openai/codex/bin/main.js", undefined],
  ])("the script %s is a package's of %s", (path, name) => {
    expect(packageAgentOf(path)).toBe(name);
  });

  test("a script is the first word that is no option's", () => {
    expect(scriptOf(["node", "-r", "a.js", "--inspect", "b.js", "c.js"])).toBe("b.js");
    expect(scriptOf(["node", "-r"])).toBeUndefined();
  });
});

describe("which session an argv runs", () => {
  test.each([
    [["codex", "--", "resume", id], undefined],
    [["codex", "-", "resume", id], undefined],
    [["codex", "exec", "-", "resume", id], undefined],
    [["codex", "--full-auto", "resume", id], id],
    [["codex", "--model=gpt-5", "resume", id], id],
    [["codex", "--new-flag", "resume", id], id],
    [["codex", "--new-flag", "--other", "resume", id], id],
    [["codex", "--new-flag", "exec", "resume", id], id],
    [["codex", "--new-flag", "e", "resume", id], id],
    [["codex", "--cd", "exec", "resume", id], id],
    [["codex", "--new-option", "value-", "resume", id], id],
    [["codex", "resume", "--last", id], undefined],
    [["codex", "resume", "a-"], "a-"],
    [["codex", "resume", "two words"], undefined],
    [["claude", "--session-id", "--resume", id], id],
    [["claude", "--session-id=", "x"], undefined],
    [["node", "/x/codex.js", "resume", id], id],
  ])("%j: %s", (argv, session) => {
    expect(sessionOf(argv)).toBe(session);
  });

  test.each([
    [["codex", "debug", "app-server"], true],
    [["codex", "debug", "other"], false],
    [["codex", "other", "app-server"], false],
    [["codex"], false],
    [["codex", "mcp"], true],
  ])("%j serves others: %s", (argv, serves) => {
    expect(isService(argv)).toBe(serves);
  });
});

describe("spellings", () => {
  test.each([
    ["10m", 600_000],
    ["10mm", undefined],
    ["x10m", undefined],
  ])("%s is a duration of %s", (text, ms) => expect(parseDuration(text)).toBe(ms));
});

describe("a lock of another name", () => {
  const observation: HostLockObservation = {
    host: "old",
    ownHost: "venus",
    local: seen(true),
    heartbeatAgeMs: seen(lockHeartbeatMs),
    pidIsDead: () => seen(true),
  };

  test("heartbeats count for five minutes", () => expect(lockHeartbeatMs).toBe(300_000));

  test.each<[string, Partial<HostLockObservation>, string, string]>([
    ["its file system", { local: unseen("statfs failed") }, "stays", "statfs failed"],
    ["its heartbeat", { heartbeatAgeMs: unseen("no mtime") }, "doubt", "no mtime"],
    ["its pid", { pidIsDead: () => unseen("hidden") }, "doubt", "hidden"],
  ])("is not taken over where %s cannot be seen, and says why", (_, more, kind, why) => {
    const verdict = judgeHostLock({ ...observation, ...more }, true);
    expect(verdict.kind).toBe(kind);
    expect(verdict.why).toContain(why);
  });
});

describe("what a member may hold", () => {
  const read = (value: object): string => {
    const claim = claimFrom("mars", value, { pid: "pid", startTicks: "start", master: "master", cwd: "cwd" });
    return claim.ok ? JSON.stringify([claim.registration.pid, claim.registration.startTicks, claim.registration.master]) : claim.problem;
  };

  test.each([
    [{ pid: largestPid, start: 0, master: true }, `[${largestPid},null,true]`],
    [{ start: "00", master: false }, "[null,null,false]"],
    [{ start: "100000" }, '[null,"100000",false]'],
    [{ start: "12x" }, "[null,null,false]"],
    [{ start: "x12" }, "[null,null,false]"],
    [{ start: "123456789012345678901" }, "[null,null,false]"],
    [{ start: -1 }, "[null,null,false]"],
    [{ master: 1 }, "[null,null,true]"],
    [{ master: 0 }, "[null,null,false]"],
    [{ master: 2 }, '"master" is 2, not true or false'],
    [{ pid: "x".repeat(38) }, `"pid" is "${"x".repeat(38)}", not a whole number from 1 to ${largestPid}`],
    [{ pid: "x".repeat(39) }, `"pid" is "${"x".repeat(38)}…, not a whole number from 1 to ${largestPid}`],
    [{ cwd: 5 }, '"cwd" is 5, not a string that is not empty'],
  ])("%j: %s", (value, said) => {
    expect(read(value)).toBe(said);
  });
});
