import widthOf from "fast-string-width";
import { describe, expect, test } from "vitest";
import type { EntryReport, SweepReport } from "../../../src/report/model/sweep.ts";
import { labelled } from "../../../src/report/screen/labelled.ts";
import { nextLines, sweepWarnings, type Remark } from "../../../src/report/listing/beside.ts";
import { sweepText } from "../../../src/report/listing/sweep-text.ts";
import { plain, type Palette } from "../../../src/report/visible.ts";
import { entry, ghost, registry, report } from "../reports.ts";
import { japanese, marked, screenOf } from "../screen/screens.ts";

const home = "/home/dev";
const hour = 3_600_000;
const sessions = `${home}/.claude/sessions`;
const bridge = "/opt/llmmsg-srv/bridge/registrations.json";
const markers = `${home}/.claude/plugins/cache`;

const file = (key: string, more: Partial<EntryReport> = {}): EntryReport =>
  ghost({ registry: sessions, registryIndex: 0, format: "claude-sessions", key, ageMs: hour, action: "would-reap", ...more });
const alive = { verdict: "live", reason: "pid-alive", action: "kept" } as const;

function machine(entries: readonly EntryReport[], more: Partial<SweepReport> = {}): SweepReport {
  const count = (index: number): number => entries.filter((one) => one.registryIndex === index).length;
  return report({
    dryRun: true,
    registries: [
      registry({ path: sessions, format: "claude-sessions", registrations: count(0) }),
      registry({ path: bridge, registrations: count(1) }),
      registry({ path: markers, format: "claude-plugin-in-use", registrations: count(2) }),
    ],
    titles: [
      { title: "Claude Code sessions", isFiles: true },
      { title: "llmmsg bridge", isFiles: false },
      { title: "Claude Code plugin markers", isFiles: true },
    ],
    entries,
    ...more,
  });
}

const few = [
  file("31955.json", { ageMs: 12 * hour, action: "pending", body: "torn" }),
  file("31996.json", { cwd: `${home}/src/payments-api` }),
  file("31967.json", { ageMs: 3 * hour, cwd: `${home}/src/ml-pipeline/experiments/2026/really-long-folder-name` }),
  file("23747.json", { ageMs: 30 * hour, reason: "pid-reused", cwd: `${home}/src/docs` }),
  file("23744.json", { ...alive, cwd: `${home}/src/docs`, ageMs: 5 * hour }),
  entry({ registry: bridge, registryIndex: 1, key: "reviewer", cwd: home, ageMs: hour }),
  ghost({
    registry: markers,
    registryIndex: 2,
    format: "claude-plugin-in-use",
    key: "claude-plugins-official/typescript-lsp/1.0.0/.in_use/31992",
    ageMs: 50 * hour,
    action: "would-reap",
  }),
];

const odd = [
  file(`${japanese}.json`, { cwd: `${home}/src/${japanese}`, ageMs: 20 * 24 * hour }),
  file(`${marked}.json`, { cwd: `/srv/${marked}`, ageMs: null }),
  file(`${"x".repeat(200)}.json`, {
    cwd: `/${"日本語".repeat(33)}/${"語".repeat(100)}`,
    action: "failed",
    note: "no space left on device",
  }),
  file("a\u001b[31mb.json", { cwd: "/tmp/\n/x" }),
  entry({ registry: bridge, registryIndex: 1, key: "日本語".repeat(20), verdict: "undecided", reason: "restored" }),
];

function linesAt(
  columns: number | undefined,
  one: SweepReport,
  more: { verbose?: boolean; env?: Readonly<Record<string, string>>; palette?: Palette } = {},
) {
  const { verbose = false, env, palette = plain } = more;
  return sweepText(one, { screen: screenOf(columns, env), palette, home, verbose }).lines;
}

const times = { time: () => "13:34" };
const besideAt = (columns: number, said: readonly Remark[]): readonly string[] =>
  said.flatMap(({ label, text }) => labelled(label, text, screenOf(columns), plain));

describe("a dry run", () => {
  test("at 100 columns", () => {
    expect(`\n${linesAt(100, machine(few)).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID     AGE  WHERE                                         WHAT        WHY
      Claude Code sessions · ~/.claude/sessions · 5, of which 1 kept
      - 31996   1h  ~/src/payments-api                            would reap  process gone
      - 31967   3h  ~/src/ml-pipeline/…/really-long-folder-name   would reap  process gone
      - 23747  30h  ~/src/docs                                    would reap  pid reused
      - 31955  12h                                                waits       process gone, file torn
      Claude Code plugin markers · ~/.claude/plugins/cache · 1
      - 31992   2d  claude-plugins-official/typescript-lsp/1.0.0  would reap  process gone
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json · 1, all kept

      7 registrations: 5 ghosts (4 would be reaped, 1 waits), 2 live (dry run)
      "
    `);
  });

  test("at 60 columns", () => {
    expect(`\n${linesAt(60, machine(few)).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID     AGE  WHERE                 WHAT        WHY
      Claude Code sessions · ~/.claude/sessions · 5, of which 1
        kept
      - 31996   1h  ~/src/payments-api    would reap  process gone
      - 31967   3h  ~/…/really-l…er-name  would reap  process gone
      - 23747  30h  ~/src/docs            would reap  pid reused
      - 31955  12h                        waits       process gone
      Claude Code plugin markers · ~/.claude/plugins/cache · 1
      - 31992   2d  claude…icial/…/1.0.0  would reap  process gone
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json ·
        1, all kept

      7 registrations: 5 ghosts (4 would be reaped, 1 waits), 2
      live (dry run)
      "
    `);
  });

  test("at 30 columns", () => {
    expect(`\n${linesAt(30, machine(few)).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID     AGE  WHAT
      Claude Code sessions ·
        ~/.claude/sessions · 5, of
        which 1 kept
      - 31996   1h  would reap
          process gone
      - 31967   3h  would reap
          process gone
      - 23747  30h  would reap
          pid reused
      - 31955  12h  waits
          process gone
      Claude Code plugin markers ·
        ~/.claude/plugins/cache · 1
      - 31992   2d  would reap
          process gone
      llmmsg bridge ·
        /opt/…/registrations.json ·
        1, all kept

      7 registrations: 5 ghosts (4
      would be reaped, 1 waits), 2
      live (dry run)
      "
    `);
  });

  test("is whole where there is no terminal", () => {
    expect(`\n${linesAt(undefined, machine(few)).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID     AGE  WHERE                                                       WHAT        WHY
      Claude Code sessions · ~/.claude/sessions · 5, of which 1 kept
      - 31996   1h  ~/src/payments-api                                          would reap  process gone
      - 31967   3h  ~/src/ml-pipeline/experiments/2026/really-long-folder-name  would reap  process gone
      - 23747  30h  ~/src/docs                                                  would reap  pid reused
      - 31955  12h                                                              waits       process gone, file torn
      Claude Code plugin markers · ~/.claude/plugins/cache · 1
      - 31992   2d  claude-plugins-official/typescript-lsp/1.0.0                would reap  process gone
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json · 1, all kept

      7 registrations: 5 ghosts (4 would be reaped, 1 waits), 2 live (dry run)
      "
    `);
  });

  test("with the evidence of each entry, where that was asked for", () => {
    expect(`\n${linesAt(80, machine(few), { verbose: true }).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID        AGE  WHERE                       WHAT        WHY
      Claude Code sessions · ~/.claude/sessions · 5
      - 31996      1h  ~/src/payments-api          would reap  process gone
          pid-gone: pid 7 is gone
      - 31967      3h  ~/…/really-long…older-name  would reap  process gone
          pid-gone: pid 7 is gone
      - 23747     30h  ~/src/docs                  would reap  pid reused
          pid-reused: pid 7 is gone
      - 31955     12h                              waits       process gone, file torn
          pid-gone: pid 7 is gone
        23744      5h  ~/src/docs                  live        process runs
          pid-alive: pid 7 is gone
      Claude Code plugin markers · ~/.claude/plugins/cache · 1
      - 31992      2d  claude-pl…official/…/1.0.0  would reap  process gone
          pid-gone: pid 7 is gone
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json · 1
        reviewer   1h  ~                           live        agent runs it
          attached-cli: codex (pid 7) names the session

      7 registrations: 5 ghosts (4 would be reaped, 1 waits), 2 live (dry run)
      "
    `);
  });
});

describe("names that no column is made for", () => {
  test("at 100 columns", () => {
    expect(`\n${linesAt(100, machine(odd)).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID                        AGE  WHERE                                      WHAT        WHY
      Claude Code sessions · ~/.claude/sessions · 4
      - xxxxxxxxxxxx…xxxxxxxxxxx   1h  /…/語語語語語語語語語…語語語語語語語語語   FAILED      process gone
          no space left on device
      - a\\x1b[31mb                 1h  /tmp/\\x0a/x                                would reap  process gone
      - 日本語-agent              20d  ~/src/日本語-agent                         would reap  process gone
      - ạ́ǵ̣ẹ́ṇ́ṭ́-̣́ọ́f̣́-̣́ṭ́ḥ́ẹ́-̣́ạ́ć̣ć̣ẹ́ṇ́ṭ́ṣ́        ?  /srv/ạ́ǵ̣ẹ́ṇ́ṭ́-̣́ọ́f̣́-̣́ṭ́ḥ́ẹ́-̣́ạ́ć̣ć̣ẹ́ṇ́ṭ́ṣ́                  would reap  process gone
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json · 1, all kept

      5 registrations: 4 ghosts (3 would be reaped, 1 failed), 1 undecided (dry run)
      "
    `);
  });

  test("at 60 columns, where the width of some signs is not certain", () => {
    expect(`\n${linesAt(60, machine(odd), { env: { LANG: "ja_JP.UTF-8" } }).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID                AGE  WHERE      WHAT        WHY
      Claude Code sessions - ~/.claude/sessions - 4
      - xxxxxxx..xxxxxxx   1h  語語..語   FAILED      process gone
          no space left on device
      - a\\x1b[31mb         1h  /tmp/../x  would reap  process gone
      - 日本語-agent      20d  日本..ent  would reap  process gone
      - ạ́ǵ̣ẹ́ṇ́ṭ́-̣́ọ́..ạ́ć̣ć̣ẹ́ṇ́ṭ́ṣ́    ?  ạ́ǵ̣ẹ́ṇ́..ṇ́ṭ́ṣ́  would reap  process gone
      llmmsg bridge - /opt/llmmsg-srv/bridge/registrations.json -
        1, all kept

      5 registrations: 4 ghosts (3 would be reaped, 1 failed), 1
      undecided (dry run)
      "
    `);
  });

  test.each([28, 30, 40, 60, 80, 100, 140])("end before the terminal does at %i columns", (columns) => {
    for (const one of [machine(few), machine(odd), machine([...few, ...odd], { command: "list" })])
      for (const line of linesAt(columns, one)) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  });
});

test("roles colour the mark and what is done, and nothing is said by colour alone", () => {
  const tag = (name: string) => (text: string) => `<${name}:${text}>`;
  const painted: Palette = {
    ghost: tag("ghost"),
    undecided: tag("undecided"),
    live: tag("live"),
    faint: tag("faint"),
    strong: tag("strong"),
    problem: tag("problem"),
    command: tag("command"),
  };
  const lines = linesAt(100, machine([file("31996.json"), file("31997.json", { action: "failed", note: "read-only file system" })]), {
    palette: painted,
  });
  expect(lines).toEqual([
    "  <faint:ID>     <faint:AGE>  <faint:WHAT>        <faint:WHY>",
    `<strong:Claude Code sessions> · ~/.claude/sessions · 2`,
    "<ghost:-> <strong:31997>   <faint:1h>  <problem:FAILED>      <faint:process gone>",
    "    <faint:read-only file system>",
    "<ghost:-> <strong:31996>   <faint:1h>  <ghost:would reap>  <faint:process gone>",
    "",
    "2 registrations: 2 ghosts (1 would be reaped, 1 failed) (dry run)",
  ]);
});

describe("500 ghosts", () => {
  const folders = ["payments-api", "docs", "web", "ml", "infra"];
  const many = Array.from({ length: 500 }, (_, index) =>
    file(`${40_000 + index}.json`, { ageMs: (1 + (index % 390)) * hour, cwd: `${home}/src/${folders[index % 5] ?? ""}` }),
  );
  const lost = Array.from({ length: 9 }, (_, index) => file(`${index + 2}.json`, { action: "failed", note: "no space left on device" }));
  const all = [...many, ...lost, file("9.json", { action: "failed", note: "read-only file system" }), ...few];

  test("are a few lines on a terminal", () => {
    expect(`\n${linesAt(100, machine(all)).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID        AGE  WHERE                                         WHAT        WHY
      Claude Code sessions · ~/.claude/sessions · 515, of which 1 kept
      - 9 ×        1h                                                FAILED      process gone
          no space left on device
      - 9          1h                                                FAILED      process gone
          read-only file system
      - 502 ×  1h-16d  101 in ~/src/payments-api, 5 more folders     would reap  process gone
      - 23747     30h  ~/src/docs                                    would reap  pid reused
      - 31955     12h                                                waits       process gone, file torn
      Claude Code plugin markers · ~/.claude/plugins/cache · 1
      - 31992      2d  claude-plugins-official/typescript-lsp/1.0.0  would reap  process gone
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json · 1, all kept

      517 registrations: 515 ghosts (504 would be reaped, 1 waits, 10 failed), 2 live (dry run)
      "
    `);
    expect(linesAt(60, machine(all)).find((line) => line.includes("502 ×"))).toMatchInlineSnapshot(
      `"- 502 ×  1h-16d  6 folders          would reap  process gone"`,
    );
  });

  test("are all there without one, and where each was asked for", () => {
    expect(linesAt(undefined, machine(all)).filter((line) => /^- 40\d{3} /.test(line))).toHaveLength(500);
    expect(linesAt(100, machine(all), { verbose: true }).filter((line) => /^- 40\d{3} /.test(line))).toHaveLength(500);
  });
});

describe("a list", () => {
  test("shows what is kept, too, and says of a bridge that it runs", () => {
    const owned = registry({ path: bridge, state: "report-only", owner: { up: true, pids: [4711], unknownUnit: null }, registrations: 2 });
    const listed = machine(
      [
        ghost({ registry: bridge, key: japanese, registryIndex: 1, reason: "thread-not-loaded", action: "withheld", ageMs: 480 * hour }),
        entry({ registry: bridge, key: "venus-docs-ca", registryIndex: 1, verdict: "undecided", reason: "restored", ageMs: null }),
        file("31943.json", { verdict: "undecided", reason: "within-grace", action: "kept", ageMs: 60_000 }),
      ],
      { command: "list" },
    );
    const [first, , third] = listed.registries;
    const one = { ...listed, registries: [first, owned, third] as SweepReport["registries"] };
    expect(`\n${linesAt(100, one).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        ID             AGE  WHAT       WHY
      llmmsg bridge · /opt/llmmsg-srv/bridge/registrations.json · 2 · it runs, so ghosts are held back
      - 日本語-agent   20d  held back  thread not loaded
      ? venus-docs-ca    ?  kept       put back by you
      Claude Code sessions · ~/.claude/sessions · 1
      ? 31943           1m  kept       too young

      3 registrations: 1 ghost (1 held back), 2 undecided
      "
    `);
    expect(besideAt(60, nextLines(one, times))).toEqual([
      "next    1 is held back while llmmsg bridge runs (pid 4711):",
      '        stop it, or set "release" (man sessreap-config)',
    ]);
  });

  test("of a machine without any entry says where it looked", () => {
    const missing = [sessions, `${home}/.claude/ide`].map((path) => registry({ path, state: "missing", registrations: 0 }));
    const titles = [
      { title: "Claude Code sessions", isFiles: true },
      { title: "Claude Code sessions", isFiles: true },
    ];
    const empty = report({ command: "list", dryRun: true, registries: missing, titles, entries: [] });
    expect(linesAt(60, empty)).toEqual([
      "No agent session is registered on this machine. Looked for:",
      "  Claude Code sessions  ~/.claude/sessions, and 1 more",
      "",
      "0 registrations",
    ]);
    expect(linesAt(60, empty, { verbose: true })).toContain("  Claude Code sessions  ~/.claude/ide");
  });

  test.each(["unreadable", "malformed"] as const)("does not say that nobody is registered where a registry is %s", (state) => {
    const registries = [registry({ path: sessions, state, registrations: 0 })];
    const text = linesAt(100, report({ command: "list", dryRun: true, registries, entries: [] })).join("\n");
    expect(text).toContain(`0 · ${state}`);
    expect(text).not.toContain("No agent session");
  });

  test("of nothing but the living is one line long behind them", () => {
    expect(linesAt(80, machine([file("1.json", alive)], { command: "list" })).at(-1)).toBe("1 registration, live");
    expect(linesAt(80, machine([file("1.json", alive), file("2.json", alive)])).at(-1)).toBe("2 registrations, all live (dry run)");
  });
});

describe("what comes next", () => {
  const saidOf = (entries: readonly EntryReport[], more: Partial<SweepReport> = {}): readonly string[] =>
    besideAt(100, nextLines(machine(entries, more), times));
  const waits = (nextLookAt: number | null): EntryReport => file("1.json", { action: "pending", nextLookAt });

  test.each([
    ["a dry run that saw them first", [waits(null)], true, "1 waits for a second look: a sweep, and one 4 minutes after it"],
    ["a dry run after a sweep", [waits(7)], true, "1 waits for a second look; a sweep from 13:34 on takes it"],
    ["a sweep", [waits(5), waits(7)], false, "2 wait for a second look; a sweep from 13:34 on takes them"],
    [
      "a sweep of more than a call takes arguments",
      Array.from({ length: 150_000 }, () => waits(7)),
      false,
      "150000 wait for a second look; a sweep from 13:34 on takes them",
    ],
  ])("says %s", (_, entries, dryRun, line) => {
    expect(saidOf(entries, { dryRun })).toEqual([`next    ${line}`]);
  });

  test("says how many a sweep would reap, and who uses a file", () => {
    const busy = file("2.json", { action: "busy", usedBy: { pid: 12, name: "code" } });
    expect(saidOf([file("1.json"), busy])).toEqual([
      "next    sessreap reaps it",
      "next    1 file in use (code, pid 12); the next sweep tries again",
    ]);
  });
});

test("what could not be read is said beside the report, below its own start", () => {
  const faulty = registry({
    path: `/srv/${"x".repeat(40)}`,
    state: "unreadable",
    problem: "cannot be read: permission denied",
    registrations: 0,
  });
  const said = sweepWarnings(report({ registries: [faulty], refusal: "this sweep cannot see itself" }), new Set());
  expect(besideAt(60, said)).toEqual([
    "refused this sweep cannot see itself; nothing was touched",
    `error   /srv/${"x".repeat(40)} cannot`,
    "        be read: permission denied",
  ]);
});
