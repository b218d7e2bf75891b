import { expect, test } from "vitest";
import { guardsText, type DoctorReport } from "../../src/report/guards-text.ts";
import type { Guard } from "../../src/report/model/guards.ts";
import type { LastRun } from "../../src/report/model/last-run.ts";
import { plain } from "../../src/report/visible.ts";
import { screenOf } from "./screen/screens.ts";

const on = (guard: Guard["guard"], name: string, detail = "fine"): Guard => ({
  guard,
  name,
  posture: "on",
  cause: "fine",
  detail,
  cure: null,
});

const well: readonly Guard[] = [
  on("last-run", "last-run.json"),
  on("eyes", "self-test", "it sees itself"),
  on("registry", "/home/dev/.claude/sessions", "9 registrations"),
  on("registry", "/home/dev/.claude/daemon/roster.json", "1 registration"),
  on("swap", "/home/dev/.claude/daemon/roster.json"),
  on("signals", "retire"),
];

const ill: readonly Guard[] = [
  {
    guard: "timer",
    name: "sessreap.timer",
    posture: "off-runtime-divergent",
    cause: "not-started",
    detail: "it is enabled, and inactive",
    cure: "systemctl --user start sessreap.timer",
  },
  {
    guard: "app-server",
    name: "ws://127.0.0.1:8788",
    posture: "blind",
    cause: "app-server-unreachable",
    detail: "it gives no answer: timeout",
    cure: "restart it",
  },
  {
    guard: "run-lock",
    name: "/home/dev/.local/state/sessreap",
    posture: "off",
    cause: "state-untrusted",
    detail: "no sweep uses it: it belongs to user 0",
    cure: "sudo chown -R dev /home/dev/.local/state/sessreap",
  },
];

const run = { finished: "2026-11-27T13:00:00.000Z", ok: true, counts: { reaped: 0 } } as LastRun;
const doctor = (guards: readonly Guard[], verbose = false): DoctorReport => ({
  guards,
  run,
  nowMs: Date.parse("2026-11-27T13:03:00Z"),
  periodMs: 300_000,
  shown: (path) => path.replace(/^\/home\/dev/, "~"),
  verbose,
});

const drawn = (guards: readonly Guard[], columns: number | undefined, verbose = false): string =>
  `\n${guardsText(doctor(guards, verbose), screenOf(columns), plain).join("\n")}\n`;

test("where every guard is on, one line says so, and when the last sweep was", () => {
  expect(drawn(well, 100)).toMatchInlineSnapshot(`
    "
    All 6 guards are on. The last sweep was 3m ago: 0 reaped, nothing failed. Next within 5 min.
      last run, eyes, 2 registries, swap, signals
    "
  `);
  expect(drawn(well, 60)).toMatchInlineSnapshot(`
    "
    All 6 guards are on. The last sweep was 3m ago: 0 reaped,
    nothing failed. Next within 5 min.
      last run, eyes, 2 registries, swap, signals
    "
  `);
});

test("a guard that needs a hand has a sentence and what mends it", () => {
  expect(drawn([...ill, ...well], 100)).toMatchInlineSnapshot(`
    "
    3 of 9 guards need you.
    off      timer       sessreap.timer: it is enabled, and inactive.
                         do: systemctl --user start sessreap.timer
    blind    app server  ws://127.0.0.1:8788: it gives no answer: timeout.
                         do: restart it
    off      run lock    No sweep uses it: it belongs to user 0.
                         do: sudo chown -R dev /home/dev/.local/state/sessreap
    on       6 others    last run, eyes, 2 registries, swap, signals
    "
  `);
  expect(drawn([...ill, ...well], 60)).toMatchInlineSnapshot(`
    "
    3 of 9 guards need you.
    off      timer
             sessreap.timer: it is enabled, and inactive.
             do: systemctl --user start sessreap.timer
    blind    app server
             ws://127.0.0.1:8788: it gives no answer: timeout.
             do: restart it
    off      run lock
             No sweep uses it: it belongs to user 0.
             do:
             sudo chown -R dev /home/dev/.local/state/sessreap
    on       6 others
             last run, eyes, 2 registries, swap, signals
    "
  `);
  expect(drawn([...ill.slice(0, 1), ...well.slice(0, 1)], undefined)).toMatchInlineSnapshot(`
    "
    1 of 2 guards needs you.
    off      timer    sessreap.timer: it is enabled, and inactive.
                      do: systemctl --user start sessreap.timer
    on       1 other  last run
    "
  `);
});

test("with -v every guard has a line, and the word for why it stands so", () => {
  expect(drawn([...ill.slice(0, 1), ...well], 100, true)).toMatchInlineSnapshot(`
    "
    1 of 7 guards needs you.
    off      timer     sessreap.timer: it is enabled, and inactive (not-started)
                       do: systemctl --user start sessreap.timer
    on       last run  Fine.
    on       eyes      It sees itself.
    on       registry  ~/.claude/sessions: 9 registrations.
    on       registry  ~/.claude/daemon/roster.json: 1 registration.
    on       swap      ~/.claude/daemon/roster.json: fine.
    on       signals   Fine.
    "
  `);
});

test("a registry whose path acts on a terminal is made visible", () => {
  const said = drawn(
    [{ ...on("registry", "/tmp/\u001b[31m"), posture: "blind", cause: "registry-missing", detail: "it is not there" }],
    100,
  );
  expect(said).toContain("\\x1b[31m");
  expect(said).not.toContain("\u001b");
});
