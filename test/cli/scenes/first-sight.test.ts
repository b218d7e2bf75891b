import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import type { SweepDocument } from "../../../src/report/model/sweep.ts";
import { by, configure, leaveOut, newScratch, parseOnly, sessreap, type Scratch } from "../harness.ts";
import { fields } from "../../fields.ts";
import { bootId } from "../../processes.ts";
import { isRoot } from "../../users.ts";

const flags = ["--pid", "--fork", "--mount-proc"];

function leaveOutWithoutPids({ skip }: TestContext): void {
  const { status, stderr } = spawnSync("unshare", [...flags, "/bin/sh", "-c", "echo 31000 > /proc/sys/kernel/ns_last_pid"], {
    encoding: "utf8",
  });
  if (status === 0 && isRoot) return;
  leaveOut(`pids that are chosen (unshare ${flags.join(" ")})`, stderr?.trim() ?? "there is no unshare here");
  skip();
}

/** Registries whose entries record a pid and nothing that tells it from a later one. */
function declare(scratch: Scratch): { readonly markers: string; readonly members: string } {
  const [markers, members] = [join(scratch.dir, "markers"), join(scratch.dir, "members.json")];
  mkdirSync(markers);
  const declared = { format: "keyed-json", path: members, fields, about: "process", holders: ["claude"] };
  configure(scratch, { pidNamespace: "own", registries: [{ format: "pid-files", path: markers }, declared] });
  return { markers, members };
}

/**
 * In a pid namespace of its own: a holder registers, a sweep sees that, the holder ends, and another process gets its pid.
 * `between` is what happens then. What each of two sweeps said.
 */
async function sweepTwice(scratch: Scratch, between: string): Promise<readonly Record<string, string>[]> {
  const { markers, members } = declare(scratch);
  const marker = `${markers}/active-session-$p`;
  const rows = `{"dated":{"pid":%d,"since":"2026-01-01T00:00:00Z"},"booted":{"pid":%d,"boot":"${bootId()}"},"bare":{"pid":%d}}`;
  const script = `
    echo 31000 > /proc/sys/kernel/ns_last_pid; sleep 600 & p=$!
    printf token > ${marker}; printf '${rows}' $p $p $p > ${members}; touch -d 2026-01-01 ${marker} ${members}
    "$@" > ${scratch.dir}/first
    sleep 0.1; kill $p; wait $p; echo $((p - 1)) > /proc/sys/kernel/ns_last_pid; sleep 600 & q=$!
    test $p = $q || exit 90
    ${between}
    "$@" > ${scratch.dir}/second; kill $q; exit 0`;
  const words = ["--registry", `pid-files:${markers}`, "--registry", members, "--grace", "0", "--json"];
  const { code, stderr } = await sessreap(scratch, words, { under: ["unshare", ...flags, "/bin/sh", "-c", script, "sh"] });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return ["first", "second"].map((name) =>
    by(parseOnly(readFileSync(join(scratch.dir, name), "utf8")) as SweepDocument, "verdict", "reason", "action"),
  );
}

const markerIn = (said: Record<string, string>): string => Object.keys(said).find((key) => key.startsWith("active-session-")) ?? "";

const doubt = "undecided pid-unproven kept";

test("a process that got a holder's pid after a sweep had seen the entry is not the holder", async (context) => {
  leaveOutWithoutPids(context);
  const [first = {}, second = {}] = await sweepTwice(newScratch(), "");
  const marker = markerIn(first);
  expect(first).toEqual({ [marker]: doubt, dated: doubt, booted: doubt, bare: doubt });
  expect(second).toEqual({
    [marker]: "ghost pid-reused reaped",
    dated: "ghost pid-reused pending",
    booted: "ghost pid-reused reaped",
    bare: doubt,
  });
});

test("an entry that was written again with equal bytes and an equal time may be of the process that has the pid now", async (context) => {
  leaveOutWithoutPids(context);
  const scratch = newScratch();
  const again = `printf token > ${scratch.dir}/markers/active-session-$p; touch -d 2026-01-01 ${scratch.dir}/markers/active-session-$p`;
  const [, second = {}] = await sweepTwice(scratch, again);
  expect(second[markerIn(second)]).toBe(doubt);
});

test("a memory of another machine that shares the state directory proves nothing, and one of an earlier boot of this does", async (context) => {
  leaveOutWithoutPids(context);
  const seen = async (change: string): Promise<string | undefined> => {
    const scratch = newScratch();
    const memory = join(scratch.stateDir, "memory.json");
    const other = 's/"bootId":"[^"]*","timeNamespace"/"bootId":"00000000-1111-4222-8333-444444444444","timeNamespace"/g';
    const [, second = {}] = await sweepTwice(scratch, `sed -i '${other};${change}' ${memory}`);
    return second[markerIn(second)];
  };
  expect(await seen("")).toBe("ghost pid-reused reaped");
  expect(await seen('s/"machine":"[^\\\\"]*/"machine":"elsewhere/g')).toBe(doubt);
});
