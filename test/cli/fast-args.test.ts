import { array, assert, asyncProperty, constantFrom, oneof } from "fast-check";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/declarations/commands.ts";
import { plainSweepOptions } from "../../src/cli/parsing/fast-args.ts";
import { parse } from "../../src/cli/parsing/program.ts";

const [sweep] = commands;
const flags = sweep.options.flatMap(({ flags: all }) => all.split(/[ ,]+/).filter((part) => part.startsWith("-")));

/** What commander makes of the words; undefined where it complains, or shows a page. */
async function parsed(words: readonly string[]): Promise<unknown> {
  let asked: unknown;
  try {
    await parse(words, { version: "0.0.0", width: undefined }, async (found) => void (asked = found));
    return asked;
  } catch {
    return undefined;
  }
}

const word = oneof(
  { weight: 6, arbitrary: constantFrom(...flags) },
  { weight: 4, arbitrary: constantFrom("/a/registrations.json", "5m", "", "sweep", "list", "claude-sessions:/b", "never") },
  { weight: 1, arbitrary: constantFrom("-nq", "--grace=5m", "--", "-", "--help", "-h", "--version", "--dry", "-x", "--no-color", "-1") },
);

test("plain words mean to a sweep what they mean to the parser of command lines", async () => {
  let plain = 0;
  await assert(
    asyncProperty(array(word, { maxLength: 6 }), async (words) => {
      const options = plainSweepOptions(words);
      if (options === undefined) return;
      plain += 1;
      expect(await parsed(words)).toEqual({ name: "sweep", positionals: [], options });
    }),
    { numRuns: 3000 },
  );
  // The positive control: enough of them were plain.
  expect(plain).toBeGreaterThan(300);
});

test.each([
  ["nothing at all", []],
  ["what a timer runs", ["sweep", "--metrics-file", "/m.prom"]],
  ["a dry run of two registries", ["-n", "--registry", "a", "--registry", "b", "-q", "-v", "--json"]],
])("%s is plain", async (_, words) => {
  expect(await parsed(words)).toEqual({ name: "sweep", positionals: [], options: plainSweepOptions(words) });
});

test.each([["--help"], ["-nq"], ["--grace=5m"], ["--grace"], ["--grace", "-n"], ["list"], ["-n", "sweep"], ["--unknown"], ["--"]])(
  "%s %s is left to the parser",
  (...words) => {
    expect(plainSweepOptions(words)).toBeUndefined();
  },
);
