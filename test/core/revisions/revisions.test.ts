import { expect, test } from "vitest";
import { ladder } from "../../../src/core/ladder.ts";
import { revisionNames, revisions } from "../../../src/core/revisions/revisions.ts";

test("locks are revised after superseded rows, then sessions are compared, and readings of the same bytes last", () => {
  expect(revisionNames).toEqual(["superseded", "renamed-host", "session-mismatch", "read-otherwise"]);
});

test("no name is that of a rung, and each rule is a sentence", () => {
  const rungs: ReadonlySet<string> = new Set(ladder.map(({ name }) => name));
  expect(revisionNames.filter((name) => rungs.has(name))).toEqual([]);
  for (const { rule } of revisions) expect(rule).toMatch(/^[A-Z].*\.$/);
});
