import widthOf from "fast-string-width";
import { expect, test } from "vitest";
import { checkRow, filesRow, firstRunRows, keptRow, lingerRow, unitsText, type UnitsRow } from "../../src/cli/person/units-text.ts";
import type { Screen } from "../../src/report/screen/screen.ts";
import { plain } from "../../src/report/visible.ts";

const screenOf = (columns: number | undefined): Screen => ({
  columns,
  isTerminal: columns !== undefined,
  widthOf,
  signs: { ellipsis: "…", dot: "·", times: "×" },
});

const units = "/home/日本語/.config/systemd/user";
const names = [
  ...["sessreap.service", "sessreap.timer", "sessreap.timer.d/follow.conf"].map((name) => `${units}/${name}`),
  "/home/日本語/.config/sessreap/units.env",
];
const counts = { registrations: 26, ghosts: 19, reaped: 16 };
const undo = "sessreap restore --sweep 462a";

const rows: readonly UnitsRow[] = [
  ...filesRow("wrote", names, units, "/home/日本語"),
  { label: "recorded", text: ["for the unit: CODEX_HOME=/srv/codex"] },
  keptRow("--follow llmmsg-bridge.service", "--no-follow", "·"),
  { label: "on", text: ["sessreap.timer: every 5 minutes, next 13:55"] },
  ...firstRunRows({ ok: true, detail: "", counts, undo, problems: ["a\u001b[2Jb: is not there"] }, "·"),
  lingerRow("dev"),
  checkRow(undefined),
  checkRow("alice"),
];

test.each([100, 60, 30])("an installation at %i columns", async (columns) => {
  const lines = unitsText(rows, { screen: screenOf(columns), palette: plain });
  for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`golden/units-${columns}.txt`);
});

test("without a terminal each fact is one line, and what failed is said with its reason", () => {
  const at = (some: readonly UnitsRow[]): readonly string[] => unitsText(some, { screen: screenOf(undefined), palette: plain });
  expect(at(rows)).toHaveLength(rows.length);
  expect(
    at(firstRunRows({ ok: false, detail: "result exit-code, status 2", counts: undefined, undo: undefined, problems: [] }, "-")),
  ).toEqual(["FAILED   the first run: result exit-code, status 2"]);
  const one = { registrations: 1, ghosts: 1, reaped: 0 };
  expect(at(firstRunRows({ ok: true, detail: "", counts: one, undo: undefined, problems: [] }, "-"))).toEqual([
    "first    1 registration: 1 ghost, 0 reaped",
  ]);
});
