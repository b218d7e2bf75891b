import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listDirectory } from "../../../../src/host/files/entries/directory.ts";
import { filesIn } from "../../../../src/host/files/entries/found-files.ts";
import { matchSegment, parsePattern, type Segment } from "../../../../src/registries/pattern.ts";
import { scratchDirectory } from "../../scratch.ts";

const segment = (pattern: string): Segment => parsePattern(pattern)[0] as Segment;

test("every file is found under its index, in whatever order one asks", () => {
  const directory = fc.record({
    below: fc.constantFrom("", "a", "a/b"),
    captures: fc.constantFrom({}, { sessionId: "s" }, { pid: "7" }),
    step: fc.constantFrom(segment("<pid>"), segment("<port>.lock"), segment("<sessionId>-<pid>")),
    numbers: fc.array(fc.nat(9999), { minLength: 1, maxLength: 6 }),
  });
  fc.assert(
    fc.property(fc.array(directory, { maxLength: 9 }), fc.array(fc.nat(60), { maxLength: 40 }), (some, asked) => {
      const name = (step: Segment, number: number): string =>
        [`${number}`, `${number}.lock`, `x-${number}`].find((one) => matchSegment(step, one)) ?? "";
      const directories = some.map(({ numbers, ...rest }) => ({ ...rest, names: numbers.map((number) => name(rest.step, number)) }));
      const all = directories.flatMap(({ below, captures, step, names }) =>
        names.map((one) => ({ key: below === "" ? one : `${below}/${one}`, captures: { ...captures, ...matchSegment(step, one) } })),
      );
      const files = filesIn(directories);
      expect(files.length).toBe(all.length);
      for (const index of [...all.keys(), ...asked, -1]) expect(files.at(index)).toEqual(index < 0 ? undefined : all[index]);
    }),
    { numRuns: 500 },
  );
});

test("a directory's files are listed with what the way to them says, and each once under two patterns", () => {
  const root = scratchDirectory();
  for (const key of ["a/7/x.lock", "a/8/y.lock", "a/8/z.txt", "b/9.lock"]) {
    mkdirSync(dirname(join(root, key)), { recursive: true });
    writeFileSync(join(root, key), "");
  }
  const listing = listDirectory(root, ["a/<pid>/<sessionId>.lock", "**/*.lock"]);
  if (listing.kind !== "listed") throw new Error(listing.kind);
  const found = Array.from({ length: listing.files.length }, (_, index) => listing.files.at(index));
  expect(found.toSorted((one, other) => (String(one?.key) < String(other?.key) ? -1 : 1))).toEqual([
    { key: "a/7/x.lock", captures: { pid: "7", sessionId: "x" } },
    { key: "a/8/y.lock", captures: { pid: "8", sessionId: "y" } },
    { key: "b/9.lock", captures: {} },
  ]);
});

test("a file is found once by a pattern that can lead to it in several ways", () => {
  const root = scratchDirectory();
  const key = "agents/x/agents/agent-7.json";
  mkdirSync(dirname(join(root, key)), { recursive: true });
  writeFileSync(join(root, key), "{}");
  for (const pattern of ["**/agents/**/agent-<pid>.json", "**/**/agent-<pid>.json", "**/agent-<pid>.json"]) {
    const listing = listDirectory(root, [pattern]);
    if (listing.kind !== "listed") throw new Error(listing.kind);
    expect([pattern, listing.files.length, listing.files.at(0)?.key]).toEqual([pattern, 1, key]);
  }
});
