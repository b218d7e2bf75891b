import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fields } from "../../fields.ts";
import { gonePid, idle } from "../../processes.ts";
import type { Guard } from "../../../src/report/model/guards.ts";
import { configure, daysAgo, leaveOut, newScratch, parseOnly, sessreap, writeOld, type Scratch } from "../harness.ts";

/** A file system whose server never says a word: whoever looks at it waits for ever. It goes with the namespace. */
const hanging = `exec 3<>/dev/fuse
  mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other hang "$0" || exit 99
  "$@" 3<&-`;

const canHang = spawnSync("unshare", ["-m", "sh", "-c", hanging, "/mnt", "true"]).status === 0;
if (!canHang) leaveOut("a file system that does not answer", "FUSE cannot be mounted here");

const since = daysAgo(1);
const problem = (scratch: Scratch): string => `lies in what is mounted at ${join(scratch.dir, "far")}, which does not answer`;

/** A registry that is here, and others on a file system that hangs: by its path, behind a link, as a directory, by an owner's lock. */
async function machine() {
  const scratch = newScratch();
  const at = (name: string): string => join(scratch.dir, name);
  mkdirSync(at("far"));
  symlinkSync(at("far/linked.json"), at("link.json"));
  const keyed = (path: string, more: object = {}): object => ({ format: "keyed-json", path, fields, ...more });
  configure(scratch, {
    registries: [
      keyed(at("here.json")),
      keyed(at("owned.json"), { owner: { lock: at("far/owner.lock") } }),
      keyed(at("far/there.json")),
      keyed(at("link.json")),
      { format: "text-file", path: at("far/pids"), pattern: "*.pid", text: ["<pid>"], about: "process" },
    ],
  });
  const { pid } = await gonePid();
  for (const name of ["here.json", "owned.json"]) writeOld(at(name), JSON.stringify({ ghost: { pid, since, cwd: at("far/project") } }));
  const under = ["unshare", "-m", "sh", "-c", hanging, at("far")];
  return { scratch, at, run: (words: readonly string[], env = {}) => sessreap(scratch, words, { under, env }) };
}

test.runIf(canHang)("a file system that does not answer keeps no other registry from being swept", async () => {
  const { scratch, at, run } = await machine();
  const { code, stderr } = await run(["sweep", "--timer"]);
  expect(code).toBe(3);
  for (const path of [at("far/there.json"), at("link.json"), at("far/pids")]) expect(stderr).toContain(`${path} ${problem(scratch)}`);
  expect(JSON.parse(readFileSync(at("here.json"), "utf8"))).toEqual({});
  expect(Object.keys(JSON.parse(readFileSync(at("owned.json"), "utf8")) as object), "its owner may be up").toEqual(["ghost"]);
});

test.runIf(canHang)("where a session works on it, a timer's sweep says that it could not look there", async () => {
  const scratch = newScratch();
  const far = join(scratch.dir, "far");
  mkdirSync(far);
  const path = join(scratch.dir, "here.json");
  configure(scratch, { wellKnown: ["omx-session"], registries: [{ format: "keyed-json", path, fields: { ...fields, cwd: "cwd" } }] });
  writeOld(path, JSON.stringify({ live: { pid: (await idle()).pid, since, cwd: join(far, "project") } }));
  const { code, stderr } = await sessreap(scratch, ["sweep", "--timer"], { under: ["unshare", "-m", "sh", "-c", hanging, far] });
  expect([code, stderr.includes(`${far}/project/.omx/state ${problem(scratch)}`)]).toEqual([3, true]);
});

test.runIf(canHang)("and every command that looks comes to its end, doctor with a cure", async () => {
  const { scratch, run } = await machine();
  const ended = await Promise.all(["list", "config", "-n", "owners", "history"].map(async (word) => (await run([word])).code));
  expect(ended).toEqual([3, 0, 3, 0, 0]);
  const { stdout } = await run(["doctor", "--json"]);
  const { guards } = parseOnly(stdout) as { readonly guards: readonly Guard[] };
  const blind = guards.filter(({ cause }) => cause === "registry-unreadable");
  expect(blind.map(({ cure }) => cure)).toEqual(Array(3).fill("mend what serves it, or unmount it (umount -l)"));
  expect(blind[0]?.detail).toContain(problem(scratch));
});
