import { expect, test } from "vitest";
import { entryMembers } from "../../../src/report/model/sweep.ts";
import { fieldLine, fieldNames, fieldObject } from "../../../src/report/listing/fields.ts";
import { firstOf, sweepText } from "../../../src/report/listing/sweep-text.ts";
import { plain } from "../../../src/report/visible.ts";
import { entry, ghost, registry, report } from "../reports.ts";
import { screenOf } from "../screen/screens.ts";

test("every member of an entry's JSON can be asked for, and nothing else", () => {
  expect(fieldNames.toSorted()).toEqual(Object.keys(entryMembers).toSorted());
});

test("an entry is one line, whatever is in it, and a member that it has not is nothing", () => {
  const key = `a\tb\nc\u001b[2J\u202e${"語".repeat(300)}`;
  const one = entry({ key, pid: 7, usedBy: { pid: 9, name: "tail" } });
  const line = fieldLine(one, ["key", "pid", "cwd", "note", "selected", "usedBy"]);
  expect(line.split("\t")).toEqual([`a\\x09b\\x0ac\\x1b[2J\\u202e${"語".repeat(300)}`, "7", "", "", "true", '{"pid":9,"name":"tail"}']);
  expect(line).not.toContain("\n");
  expect(fieldObject(one, ["pid", "cwd", "note"])).toEqual({ pid: 7, cwd: null });
});

test("a limit takes entries as they are listed: registries with something to do first, the newest of each", () => {
  const entries = [
    entry({ key: "alive" }),
    ghost({ registryIndex: 1, key: "older", ageMs: 9000, action: "would-reap" }),
    ghost({ registryIndex: 1, key: "newer", ageMs: 5000, action: "would-reap" }),
    entry({ registryIndex: 1, key: "left out", selected: false }),
  ];
  const registries = [registry({ registrations: 1 }), registry({ path: "/srv/other.json", registrations: 3 })];
  const titles = [
    { title: "llmmsg bridge", isFiles: false },
    { title: "other.json", isFiles: false },
  ];
  const one = report({ command: "list", dryRun: true, registries, entries, titles });
  const keysOf = (limit: number): readonly string[] => firstOf(one, limit).map(({ key }) => key);
  expect([keysOf(1), keysOf(2), keysOf(Infinity)]).toEqual([["newer"], ["newer", "older"], ["newer", "older", "alive"]]);
  const view = { screen: screenOf(100), palette: plain, home: "/home/dev", verbose: false };
  expect(sweepText({ ...one, entries: firstOf(one, 1) }, view).lines.slice(0, 4)).toEqual([
    "  ID     AGE  WHAT        WHY",
    "other.json · /srv/other.json · 3, 1 shown",
    "- newer   5s  would reap  process gone",
    "llmmsg bridge · /srv/bridge/registrations.json · 1, 0 shown",
  ]);
});
