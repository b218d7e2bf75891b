import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { CommandDeclaration } from "../../src/cli/declarations/command.ts";
import { commands } from "../../src/cli/declarations/commands.ts";
import { actionNames } from "../../src/core/plan/actions.ts";
import { reasons } from "../../src/core/reasons.ts";
import { rungNames, verdicts } from "../../src/core/ladder.ts";
import { hostLockKinds } from "../../src/core/revisions/renamed-host.ts";
import { sweepJson } from "../../src/report/json.ts";
import type { SweepReport } from "../../src/report/model/sweep.ts";
import { definitionOf, problemsOf } from "../output-schema.ts";
import { entry, registry, report } from "./reports.ts";

type Document = Record<string, unknown>;

const documentOf = (swept: SweepReport): Document => JSON.parse([...sweepJson(swept)].join("")) as Document;

const everyWord = [
  ...actionNames.map((action) => entry({ action })),
  ...reasons.map((reason) => entry({ reason })),
  ...verdicts.map((verdict) => entry({ verdict })),
  ...[...rungNames, null].map((rung) => entry({ rung })),
  ...hostLockKinds.flatMap((hostLock) => (hostLock === "own" ? [] : [entry({ hostLock })])),
  entry({ sessionId: null, ageMs: null, tombstone: "20261120T150000Z-3f2a/0", phantomOf: "s2" }),
];
const full = (): Document =>
  documentOf(
    report({
      registries: [registry(), registry({ state: "missing", problem: "is not there" })],
      entries: everyWord,
      flapping: [{ registry: "/r", identity: "mars", ids: 5, spanMs: 16_000 }],
      refusal: "it cannot see itself",
      warnings: ["a warning"],
      looks: ["a look"],
    }),
  );

test("a sweep with every word that it can say is as the schema describes it", () => {
  expect(problemsOf(full())).toEqual([]);
  expect(problemsOf(documentOf(report()))).toEqual([]);
});

test("each command that prints JSON has its document, and no other has", () => {
  const declared: readonly CommandDeclaration[] = commands;
  const printing = declared.filter(({ options }) => options.some(({ flags }) => flags === "--json")).map(({ name }) => name);
  // Some documents are of commands that have another one, too: with a word, or with an option.
  expect([...definitionOf.keys()].toSorted()).toEqual([...printing, "config suggest", "fields", "history-fields"].toSorted());
});

const first = ({ entries }: Document): Document => (entries as Document[])[0] as Document;

test.each<[string, (document: Document) => void]>([
  ["a member that is not described", (document) => (document["more"] = 1)],
  ["a member of an entry that is not described", (document) => (first(document)["more"] = 1)],
  ["a member that is missing", (document) => delete document["warnings"]],
  ["a member of an entry that is missing", (document) => delete first(document)["detail"]],
  ["a word that is not in its list", (document) => (first(document)["action"] = "buried")],
  ["a fraction", (document) => (first(document)["ageMs"] = 1.5)],
  ["a number in place of null", (document) => (first(document)["tombstone"] = 0)],
  ["a time in another zone", (document) => (document["startedAt"] = "2026-11-20T16:00:00.000+01:00")],
  ["another version", (document) => (document["schema"] = 2)],
  ["an unknown command", (document) => (document["command"] = "purge")],
])("the check finds %s", (_what, spoil) => {
  const document = full();
  spoil(document);
  expect(problemsOf(document)).not.toEqual([]);
});

test("programs that validate with it are not stopped by new members", () => {
  expect(readFileSync("schema/output.schema.json", "utf8")).not.toContain('"additionalProperties": false');
});
