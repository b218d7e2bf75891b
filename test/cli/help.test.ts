import { expect, test } from "vitest";
import { commands } from "../../src/cli/declarations/commands.ts";
import { examples } from "../../src/cli/declarations/examples.ts";
import { parse } from "../../src/cli/parsing/program.ts";
import { newScratch, sessreap } from "./harness.ts";

const shown = commands.filter((command) => !("hidden" in command)).map(({ name }) => name);

function helpOf(words: readonly string[], width: number | undefined): Promise<string> {
  return parse(words, { version: "0.0.0", width }, () => Promise.reject(new Error("help runs nothing")));
}

const pages: readonly (readonly string[])[] = [["--help"], ...shown.map((name) => [name, "--help"])];

test.each([undefined, 200, 100, 80, 60])("at %s columns no line of any help is wider than the screen, or than 100", async (width) => {
  for (const words of pages) {
    const lines = (await helpOf(words, width)).split("\n");
    const most = Math.min(width ?? 80, 100);
    expect(lines.filter((line) => line.length > most)).toEqual([]);
    expect(lines.length).toBeGreaterThan(5);
  }
});

test.each([100, 60])("the help at %i columns is this", async (width) => {
  const said = [];
  for (const words of [["--help"], ["sweep", "--help"], ["owners", "--help"]]) said.push(await helpOf(words, width));
  await expect(said.join("\n")).toMatchFileSnapshot(`golden/help-${width}.txt`);
});

test("every command says what it is for, and shows a line to type", async () => {
  for (const name of shown) {
    const said = await helpOf([name, "--help"], 100);
    expect(said).toMatch(/^Usage: sessreap [a-z]+ .*\n\n[A-Z][^.]*[.]\n/);
    const lines = examples[name].map(([line]) => line);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(said).toContain(`  ${line}`);
  }
});

test("an option that means nothing to a command is taken from a wrapper, and not shown", async () => {
  const scratch = newScratch();
  for (const [name, flag] of [
    ["owners", "--grace"],
    ["doctor", "--ttl"],
    ["exec", "--grace"],
  ] as const) {
    expect(await helpOf([name, "--help"], 100)).not.toContain(flag);
  }
  expect(await helpOf(["config", "--help"], 100)).not.toContain("--now");
  expect(await helpOf(["config", "--help"], 100)).toContain("--grace");
  expect(await sessreap(scratch, ["owners", "--grace", "1m"])).toMatchObject({ code: 0 });
});

test.each([
  ["sweep", "-h"],
  ["help", "sweep"],
  ["--help", "sweep"],
])("help can be asked for as %s and %s", async (...words) => {
  expect(await helpOf(words, 80)).toBe(await helpOf(words[0] === "--help" ? ["--help"] : ["sweep", "--help"], 80));
});
