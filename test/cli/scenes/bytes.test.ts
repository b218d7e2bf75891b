import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, declareRegistry, leaveOut, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";
import { gonePid } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";

const since = daysAgo(1);

type Piece = { readonly text: string; readonly ghost: boolean };

/** A file that a parser and a printer would damage in a dozen ways, with four ghosts in it. */
function awkward(pid: number): readonly Piece[] {
  const dead = (key: string, more = ""): string => `"${key}"\t:\t{ "pid": ${pid}, "since": "${since}"${more} }`;
  const keep = (text: string): Piece => ({ text, ghost: false });
  const ghost = (text: string): Piece => ({ text, ghost: true });
  return [
    keep('\uFEFF\r\n{\r\n\t"agents":\t{\r\n\t\t'),
    ghost(`${dead("first")},\r\n\t\t`),
    keep(`"numbers":{"big":9007199254740993,"one":1.0,"exp":1E+2,"minus":-0,"huge":1e400,"since":"${since}"}`),
    ghost(`,\r\n\t\t${dead("middle", ', "note": "braces } ] , and \\"quotes\\""')}`),
    ghost(`  ,\r\n\r\n\t\t${dead("adjacent")}`),
    keep(`,\r\n\t\t"42": {"a":1,"a":2,"__proto__":{"b":3},"\\u00e9":"\\/\\ud834\\udd1e\\ud800","since":"${since}"}`),
    keep(`,\n\t\t${dead("twice")},${dead("\\u0074wice")}`),
    ghost(`,\r\n\t\t${dead("l\\u0061st")}`),
    keep('\r\n\t}\t,\r\n\t"tail": [1.0, 9007199254740993, {}]\r\n}\t\r\n\r\n'),
  ];
}

const textOf = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join("");

async function prepare() {
  const scratch = newScratch();
  const pieces = awkward((await gonePid()).pid);
  const path = declareRegistry(scratch, { entries: "/agents" });
  return { scratch, path, before: textOf(pieces), after: textOf(pieces.filter(({ ghost }) => !ghost)) };
}

const reaped = { first: "reaped", middle: "reaped", adjacent: "reaped", last: "reaped" };
const kept = { numbers: "kept", "42": "kept", twice: "kept" };

test("only the ghosts' bytes go, and a restore brings every one of them back", async () => {
  const { scratch, path, before, after } = await prepare();
  writeOld(path, before);
  const report = await sweepReport(scratch, []);
  expect(by(report, "action")).toEqual({ ...reaped, ...kept });
  expect(by(report, "reason")["twice"]).toBe("duplicate-key");
  expect(readFileSync(path, "utf8")).toBe(after);

  const { code, stdout, stderr } = await sessreap(scratch, ["restore", "--sweep", report.sweepId]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^note {4}what is put back is left alone until \w+ \d+\n$/) });
  expect(stdout.match(/ {2}put back$/gm)).toHaveLength(4);
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("restored one by one, in any order, the entries are all there again", async () => {
  const { scratch, path, before } = await prepare();
  writeOld(path, before);
  await sweepReport(scratch, []);
  for (const key of ["last", "adjacent", "first", "middle"]) expect((await sessreap(scratch, ["restore", key])).code).toBe(0);
  const agents = (text: string): unknown => (JSON.parse(text.slice(1)) as { agents: unknown }).agents;
  expect(agents(readFileSync(path, "utf8"))).toEqual(agents(before));
});

test("a symbolic link, the mode and the owner of what it leads to survive, and no other file is left", async () => {
  const { scratch, path, before, after } = await prepare();
  const real = writeOld(join(scratch.dir, "elsewhere", "real.json"), before);
  chmodSync(real, 0o640);
  if (isRoot) chownSync(real, nobody, nobody);
  else leaveOut("a registry of another owner", "only root can swap it");
  symlinkSync("elsewhere/real.json", path);
  const owner = statSync(real);
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ ...reaped, ...kept });
  expect(readFileSync(real, "utf8")).toBe(after);
  const now = statSync(real);
  expect({ mode: now.mode & 0o7777, uid: now.uid, gid: now.gid }).toEqual({ mode: 0o640, uid: owner.uid, gid: owner.gid });
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readlinkSync(path)).toBe("elsewhere/real.json");
  expect(readdirSync(join(scratch.dir, "elsewhere"))).toEqual(["real.json"]);
});

function python(code: string, ...args: readonly string[]): string {
  return execFileSync("python3", ["-c", `import os, sys\n${code}`, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

test("an extended attribute and an access control list survive", async ({ skip }) => {
  const { scratch, path, before, after } = await prepare();
  writeOld(path, before);
  // user::rw- user:nobody:r-- group::r-- mask::rw- other::---, as the kernel stores it.
  const acl = "0200000001000600ffffffff02000400feff000004000400ffffffff10000600ffffffff20000000ffffffff";
  try {
    python('os.setxattr(sys.argv[1], "user.note", b"keep me")', path);
    python('os.setxattr(sys.argv[1], "system.posix_acl_access", bytes.fromhex(sys.argv[2]))', path, acl);
  } catch (error) {
    leaveOut("extended attributes and ACLs", `they cannot be set here: ${String(error).split("\n")[0]}`);
    skip();
  }
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ ...reaped, ...kept });
  expect(readFileSync(path, "utf8")).toBe(after);
  expect(python('print(os.getxattr(sys.argv[1], "user.note").decode())', path).trim()).toBe("keep me");
  expect(python('print(os.getxattr(sys.argv[1], "system.posix_acl_access").hex())', path).trim()).toBe(acl);
  expect(statSync(path).mode & 0o777).toBe(0o660);
});

test("a file whose ACL keeps its group out is put back with it, and released with it", async ({ skip }) => {
  const scratch = newScratch();
  const directory = join(scratch.dir, "agents");
  const { pid } = await gonePid();
  const path = join(directory, "a.json");
  // user::rw- user:nobody:rw- group::--- mask::rw- other::---: its mode alone says that the group may write.
  const acl = "0200000001000600ffffffff02000600feff000004000000ffffffff10000600ffffffff20000000ffffffff";
  writeOld(path, JSON.stringify({ pid, since }));
  try {
    python('os.setxattr(sys.argv[1], "system.posix_acl_access", bytes.fromhex(sys.argv[2]))', path, acl);
  } catch (error) {
    leaveOut("ACLs of entries' own files", `they cannot be set here: ${String(error).split("\n")[0]}`);
    skip();
  }
  const aclNow = () => python('print(os.getxattr(sys.argv[1], "system.posix_acl_access").hex())', path).trim();
  const fields = { pid: "pid", registeredAt: "since", releasedAt: "released", releaseReason: "why" };
  const declare = (onGhost: string) =>
    configure(scratch, { registries: [{ format: "json-file", path: directory, pattern: "*.json", fields, about: "process", onGhost }] });

  declare("release");
  const { summary } = await sweepReport(scratch, []);
  expect([summary.released, readFileSync(path, "utf8").includes("pid_gone"), aclNow()]).toEqual([1, true, acl]);
  expect((await sessreap(scratch, ["restore", "--sweep", "last"])).code).toBe(0);
  expect([readFileSync(path, "utf8").includes("pid_gone"), aclNow()]).toEqual([false, acl]);

  declare("reap");
  expect((await sweepReport(scratch, ["--now"])).summary).toMatchObject({ reaped: 1 });
  expect((await sessreap(scratch, ["restore", "--sweep", "last"])).code).toBe(0);
  expect([aclNow(), statSync(path).mode & 0o777]).toEqual([acl, 0o660]);
});

test("a registry of which every entry is a ghost becomes an empty one, and whole again by a restore", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const { pid } = await gonePid();
  const before = `{ "a": {"pid":${pid},"since":"${since}"} ,\n "b": {"pid":${pid},"since":"${since}"} }`;
  writeOld(path, before);
  const report = await sweepReport(scratch, []);
  expect(report.summary).toMatchObject({ ghost: 2, reaped: 2 });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({});
  await sessreap(scratch, ["restore", "--sweep", report.sweepId]);
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("a hard-linked registry is only reported on, for a swap would part its names", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const { pid } = await gonePid();
  writeOld(path, JSON.stringify({ a: { pid, since } }));
  execFileSync("ln", [path, `${path}.other`]);
  const report = await sweepReport(scratch, []);
  expect(report.registries).toMatchObject([{ state: "report-only", problem: expect.stringContaining("hard links") as string }]);
  expect(by(report, "action")).toEqual({ a: "withheld" });
});
