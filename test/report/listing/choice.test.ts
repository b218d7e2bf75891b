import { expect, test } from "vitest";
import { isChosen, type Choice } from "../../../src/report/listing/choice.ts";
import { nameless } from "../../../src/report/listing/resolve.ts";

const all: Choice = { only: [], except: [], olderThanMs: undefined, ghosts: false, home: "/home/dev" };
const one = {
  ...nameless,
  format: "claude-sessions",
  key: "31964.json",
  sessionId: "019d7b2f-5ede-7c71-b2fd-000000000001",
  cwd: "/home/dev/src/docs",
  ageMs: 5000,
  verdict: "ghost",
};

test.each([
  [{}, true],
  [{ only: ["31964"] }, true],
  [{ only: ["claude-*:*"] }, true],
  [{ only: ["nobody", "~/src/*"] }, true],
  [{ only: ["/home/dev/src/docs"] }, true],
  [{ only: ["*/src/…cs"] }, true],
  [{ only: ["~/src"] }, false],
  [{ only: ["31965"] }, false],
  [{ only: ["3196"] }, false],
  [{ only: ["31964.js"] }, false],
  [{ only: ["3196*"] }, true],
  [{ only: ["019d7b2f"] }, true],
  [{ except: ["31964.json"] }, false],
  [{ except: ["31965"] }, true],
  [{ only: ["31964"], except: ["~/src/*"] }, false],
  [{ olderThanMs: 5000 }, true],
  [{ olderThanMs: 5001 }, false],
  [{ ghosts: true }, true],
] as const)("with %o a ghost is chosen: %s", (wanted, chosen) => {
  expect(isChosen({ ...all, ...wanted }, one)).toBe(chosen);
});

test("an entry of unknown age is never older, one without a directory is in none, and the living are no ghosts", () => {
  expect(isChosen({ ...all, olderThanMs: 0 }, { ...one, ageMs: undefined })).toBe(false);
  expect(isChosen({ ...all, only: ["/*"] }, { ...one, cwd: undefined })).toBe(false);
  expect(isChosen({ ...all, ghosts: true }, { ...one, verdict: "live" })).toBe(false);
});
