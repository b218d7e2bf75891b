import { describe, expect, test } from "vitest";
import { ownershipOf } from "../../../src/core/harnesses/ownership.ts";
import type { ProcessRow } from "../../../src/core/agents/process-tree.ts";
import type { HeldRegistration } from "../../../src/core/harnesses/ownership-signs.ts";
import { held, own as ownRecord, signsOf } from "./signs.ts";

const [id, other] = ["019d7b2f-5ede-7c71-b2fd-bfff53df6cde", "019d6b0c-06e6-7bb0-84c4-b64a9cf410ce"] as const;

function row(pid: number, parentPid: number, startTicks: number, argv: readonly string[], more: Partial<ProcessRow> = {}): ProcessRow {
  return { pid, parentPid, kernelSession: 100, terminal: 0, startTicks: String(startTicks), uid: 1000, state: "S", argv, ...more };
}

const around = [row(1, 0, 1, ["init"], { kernelSession: 1 }), row(100, 1, 10, ["bash"])];

type Described = { readonly locks?: Readonly<Record<string, number>>; readonly registrations?: readonly HeldRegistration[] };

/** Each harness in one line: `session: agent pids (signs) +children via …!doubts`, and the strays. */
function ownerLines(rows: readonly ProcessRow[], { locks = {}, registrations = [] }: Described = {}): readonly string[] {
  const heldThreads = Object.entries(locks).map(([sessionId, pid]) => ({ sessionId, pid }));
  const { sessions, unattributed } = ownershipOf(signsOf([...rows, ...around], { heldThreads, registrations }));
  return [
    ...sessions.flatMap(({ sessionId, harnesses }) =>
      harnesses.map(({ agent, members, hosts, signs, children, doubts, possible }) => {
        const name = sessionId === id ? "id" : sessionId === other ? "other" : sessionId;
        const under = children.map(({ process, agent: what, via }) => ` +${what} ${process.pid} by ${via}`).join("");
        const above = hosts.map(({ pid }) => ` under ${pid}`).join("");
        const marks = `${doubts.length > 0 ? " !" : ""}${possible === undefined ? "" : " ?"}`;
        return `${name}: ${agent} ${members.map(({ pid }) => pid).join(",")} (${signs.join(",")})${above}${under}${marks}`;
      }),
    ),
    ...unattributed.map(({ process, agent, why }) => `${agent} ${process.pid}: ${why}`),
  ];
}

const resume = ["resume", id] as const;
const registration = (pid: number, more: Partial<HeldRegistration> = {}): HeldRegistration => held(pid, id, more);

describe("a shim and what it starts", () => {
  const [shim, native] = [row(202, 100, 500, ["node", "/x/codex.js", ...resume]), row(201, 202, 501, ["/x/codex", ...resume])];

  test("are one, whichever of them the process table tells first", () => {
    for (const rows of [
      [shim, native],
      [native, shim],
    ])
      expect(ownerLines(rows)).toEqual(["id: codex 202,201 (argv)"]);
  });

  test("are one through a gate between them, also where both are native", () => {
    const gate = row(210, 202, 500, ["sessreap", "exec"]);
    expect(ownerLines([shim, gate, { ...native, parentPid: 210 }])).toEqual(["id: codex 202,201 (argv)"]);
    const launcher = row(202, 100, 500, ["/y/codex", ...resume]);
    expect(ownerLines([launcher, native])).toEqual(["id: codex 202,201 (argv)"]);
    expect(ownerLines([launcher, gate, { ...native, parentPid: 210 }])).toEqual(["id: codex 202,201 (argv)"]);
  });

  test("are one where a native one starts another by another name, and where one agent launches another", () => {
    const named = row(202, 100, 500, ["/y/codex-x86_64-unknown-linux-musl", ...resume]);
    expect(ownerLines([named, native])).toEqual(["id: codex 202,201 (argv)"]);
    const claude = row(202, 100, 500, ["node", "/x/claude.js", ...resume]);
    expect(ownerLines([claude, native])).toEqual(["id: codex 201 (argv) under 202"]);
  });

  test("hold together what either of them locks, which outranks what they were started with", () => {
    expect(ownerLines([shim, native], { locks: { [other]: 201 } })).toEqual(["other: codex 202,201 (open-file)"]);
    expect(ownerLines([shim, native], { locks: { [other]: 201, [id]: 201 } })).toEqual([
      "id: codex 202,201 (argv,open-file) !",
      "other: codex 202,201 (open-file) !",
    ]);
  });
});

test("a registration that proves a session is not outranked by the lock of another", () => {
  const described = { locks: { [other]: 201 }, registrations: [registration(201)] };
  for (const argv of [["codex"], ["codex", ...resume]]) {
    const lines = ownerLines([row(201, 100, 500, argv)], described);
    expect(lines.map((line) => line.replace(/ .*/, "")).toSorted()).toEqual(["id:", "other:"]);
    expect(lines.every((line) => line.endsWith(" !"))).toBe(true);
  }
});

describe("further signs", () => {
  test("of a process that is not there, or has ended, are none", () => {
    const dead = row(201, 100, 500, ["codex"], { state: "Z" });
    expect(ownerLines([dead], { locks: { [id]: 201 }, registrations: [registration(201), registration(999)] })).toEqual([]);
    expect(ownerLines([], { locks: { [id]: 999 } })).toEqual([]);
  });

  test("of one process that is no agent make one harness, with a doubt, called by its program", () => {
    const tool = row(201, 100, 500, ["/opt/tool.js", "serve"]);
    expect(ownerLines([tool], { locks: { [id]: 201 }, registrations: [registration(201)] })).toEqual([
      "id: tool 201 (open-file,registration) !",
    ]);
    expect(ownerLines([row(201, 100, 500, [])], { locks: { [id]: 201 } })).toEqual(["id: pid 201 201 (open-file) !"]);
    expect(ownerLines([row(201, 100, 500, ["codex", "app-server"])], { locks: { [id]: 201 } })).toEqual(["id: codex 201 (open-file) !"]);
  });

  test("belong to the agents above that run the session, not to one that runs another", () => {
    const rows = [
      row(201, 100, 500, ["codex", ...resume]),
      row(202, 201, 501, ["codex", "exec", "resume", id, "go"]),
      row(203, 202, 502, ["python3", "tool.py"]),
    ];
    expect(ownerLines(rows, { registrations: [registration(203)] })).toEqual(["id: codex 201,202 (argv,registration)"]);
    const strange = { registrations: [registration(203, { sessionId: other })] };
    expect(ownerLines(rows, strange)).toContain("other: python3 203 (registration) !");
  });

  test("belong to an agent below that runs the session, where the one above is only its host", () => {
    const rows = [
      row(201, 100, 500, ["python3", "host.py"]),
      row(202, 201, 501, ["claude", "--session-id", id]),
      row(203, 100, 502, ["codex", "resume", other]),
    ];
    expect(ownerLines(rows, { registrations: [registration(201)] }).toSorted()).toEqual([
      "id: claude 202 (argv,registration) under 201 ?",
      "other: codex 203 (argv)",
    ]);
    expect(ownerLines(rows, { registrations: [registration(201, { sessionId: other })] })).toContain("id: claude 202 (argv) ?");
  });

  test("that prove nothing leave a doubt, and a proof beside them takes it away", () => {
    const claude = row(201, 100, 500, ["claude"]);
    expect(ownerLines([claude], { registrations: [registration(201, { proven: false })] })).toEqual(["id: claude 201 (registration) !"]);
    expect(ownerLines([claude], { locks: { [id]: 201 }, registrations: [registration(201, { proven: false })] })).toEqual([
      "id: claude 201 (open-file,registration)",
    ]);
  });
});

describe("the record that a holder keeps itself", () => {
  const claude = row(201, 100, 500, ["claude", "--session-id", other]);
  const own = registration(201, ownRecord);

  test("goes before what it was started with, and before other registries", () => {
    expect(ownerLines([claude], { registrations: [own] })).toEqual(["id: claude 201 (registration)"]);
    const mismatched = registration(201, { sessionId: "drifted" });
    for (const registrations of [
      [own, mismatched],
      [mismatched, own],
    ])
      expect(ownerLines([claude], { registrations })).toEqual(["id: claude 201 (registration)"]);
  });

  test("that names what it was started with adds to it", () => {
    expect(ownerLines([claude], { registrations: [{ ...own, sessionId: other }] })).toEqual(["other: claude 201 (argv,registration)"]);
  });

  test("of two sessions stands for both", () => {
    const second = { ...own, sessionId: "second" };
    expect(ownerLines([claude], { registrations: [own, second] })).toEqual([
      "id: claude 201 (registration) !",
      "second: claude 201 (registration) !",
    ]);
  });

  test("is one registration among others where its start token proves nothing", () => {
    expect(ownerLines([claude], { registrations: [{ ...own, proven: false }] })).toEqual([
      "other: claude 201 (argv) ! ?",
      "id: claude 201 (registration) !",
    ]);
  });

  test("makes a harness of its process, whatever that calls itself", () => {
    expect(ownerLines([row(201, 100, 500, ["python3"])], { registrations: [own] })).toEqual(["id: python3 201 (registration)"]);
    const spare = row(201, 100, 500, ["claude bg-spare", "--bg-spare", "/tmp/cc-daemon-0/2c47135a/spare/1.claim.sock"]);
    expect(ownerLines([spare], { registrations: [own] })).toEqual(["id: claude 201 (registration)"]);
  });

  test("makes a possible one in a release whose record goes stale", () => {
    expect(ownerLines([row(201, 100, 500, ["claude"])], { registrations: [{ ...own, current: false }] })).toEqual([
      "id: claude 201 (registration) ?",
    ]);
    // It was written after the start, so it knows more than the arguments.
    expect(ownerLines([claude], { registrations: [{ ...own, current: false }] })).toEqual(["id: claude 201 (registration) ?"]);
  });
});

describe("background children", () => {
  const review = ["codex", "exec", "/review"] as const;

  test("belong to the harness above, also behind a child of their own kind, the oldest first", () => {
    const rows = [
      row(201, 100, 500, ["codex", ...resume]),
      row(204, 202, 900, review),
      row(203, 201, 700, [...review, "b"]),
      row(202, 201, 600, [...review, "a"]),
    ];
    expect(ownerLines(rows)).toEqual(["id: codex 201 (argv) +codex 202 by parent +codex 203 by parent +codex 204 by parent"]);
  });

  test("that were left behind belong to the one harness that was there before them, or to nobody", () => {
    const harness = row(201, 100, 500, ["codex", ...resume]);
    const orphan = row(300, 1, 600, review);
    expect(ownerLines([harness, orphan])).toEqual(["id: codex 201 (argv) +codex 300 by kernel-session"]);
    expect(ownerLines([harness, { ...orphan, startTicks: "500" }])).toEqual(["id: codex 201 (argv) +codex 300 by kernel-session"]);
    expect(ownerLines([harness, { ...orphan, startTicks: "499" }])).toEqual(["id: codex 201 (argv)", "codex 300: it names no session"]);
    const second = row(202, 100, 550, ["codex", "resume", other]);
    expect(ownerLines([harness, second, orphan])).toContain("codex 300: more than one harness may have left it behind");
    expect(ownerLines([orphan])).toEqual(["codex 300: it names no session"]);
  });

  test("two harnesses of one clock tick stand by their pids", () => {
    const rows = [
      row(205, 100, 500, ["codex", ...resume]),
      row(203, 100, 500, ["claude", ...resume]),
      row(204, 100, 500, ["code", ...resume]),
    ];
    expect(ownerLines(rows).map((line) => line.split(" ")[2])).toEqual(["203", "204", "205"]);
  });
});
