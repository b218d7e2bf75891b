import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/report/exit-code.ts";
import { rowsOf } from "./tables.ts";

const textOf = (path: string): string => readFileSync(path, "utf8");

const documents = [
  ...readdirSync(".").filter((name) => name.endsWith(".md") && name !== "CHANGELOG.md"),
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).flatMap((name) => (name.endsWith(".md") ? [join("docs", name)] : [])),
  "tools/README.md",
];

describe.each(documents)("%s", (path) => {
  const text = textOf(path);

  test("links to what is there", () => {
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect(existsSync(join(dirname(path), link ?? "")), link).toBe(true);
  });

  test("names files that are there", () => {
    const named = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|cjs|md|pl|sh|yml))`/g)].map(([, name]) => name ?? "");
    expect(named.filter((name) => !existsSync(name) && !existsSync(join("src", name)))).toEqual([]);
  });
});

test.each(["README.md", "CONTRIBUTING.md"])("%s asks for the Node that package.json asks for", (path) => {
  const { engines } = JSON.parse(textOf("package.json")) as { engines: { node: string } };
  const named = [...textOf(path).matchAll(/Node (\d[\d.]*\d)/g)].map(([, version]) => `>=${version}`);
  expect(named).not.toEqual([]);
  expect(new Set(named)).toEqual(new Set([engines.node]));
});

test("README.md has a row for each exit code", () => {
  const codes = rowsOf(textOf("README.md")).flatMap(([first]) =>
    first?.match(/^\d+/) === null ? [] : (first ?? "").split(", ").map(Number),
  );
  expect(codes).toEqual(expect.arrayContaining(Object.values(exitCodes)));
});

describe("CHANGELOG.md", () => {
  const sections = textOf("CHANGELOG.md").split(/^## /m).slice(1);

  test("has one heading for what is not released, above those of the releases", () => {
    const headings = sections.map((section) => section.slice(0, section.indexOf("\n")));
    expect(headings[0]).toBe("Unreleased");
    expect(headings.slice(1)).toContain("0.1.0");
    for (const heading of headings.slice(1)) expect(heading).toMatch(/^\d+\.\d+\.\d+$/);
    expect(new Set(headings).size).toBe(headings.length);
  });

  const releases = sections.map((section) => [section.slice(0, section.indexOf("\n")), section] as const).slice(1);

  test.each(releases)("says in at most 40 lines what is in %s", (_, section) => {
    expect(section.trim().split("\n").length).toBeLessThanOrEqual(40);
  });
});

describe("docs/decisions", () => {
  const folder = "docs/decisions";
  const records = readdirSync(folder).filter((name) => name !== "README.md");
  const titleOf = (name: string): string => textOf(join(folder, name)).split("\n", 1)[0] ?? "";

  test("are numbered from 0001 without a gap, each number once", () => {
    const numbers = records.map((name) => name.slice(0, 4)).toSorted();
    expect(numbers).toEqual(numbers.map((_, index) => String(index + 1).padStart(4, "0")));
  });

  test.each(records)("%s bears its number in its title, and stands in the index", (name) => {
    const number = name.slice(0, 4);
    expect(titleOf(name)).toMatch(new RegExp(`^# ${number} \\S`));
    const cells = rowsOf(textOf(join(folder, "README.md"))).find(([first]) => first === `[${number}](${name})`);
    expect(cells?.[1]).toBe(titleOf(name).slice("# 0000 ".length));
    expect(cells?.[2]).toMatch(/\.$/);
  });
});

describe("tools/README.md", () => {
  const text = textOf("tools/README.md");
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Readonly<Record<string, string>> };

  test("has a row for everything in tools/", () => {
    const names = readdirSync("tools", { withFileTypes: true }).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    const rows = rowsOf(text).map(([first]) => first);
    for (const name of names.filter((one) => one !== "README.md")) expect(rows).toContain(`\`${name}\``);
  });

  test("says how to run every script that runs a tool or a part of a release", () => {
    const proofs = Object.keys(scripts).filter((name) => /^node (?:tools|scripts\/release)\//.test(scripts[name] ?? ""));
    expect(proofs.length).toBeGreaterThan(10);
    for (const name of proofs) expect(text).toContain(`npm run ${name}`);
  });

  test("names no script that is not there", () => {
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });

  test("says what CI runs in every run", () => {
    const lines = textOf(".ci/run").split("\n");
    for (const line of lines.filter((one) => /^np[mx] /.test(one))) expect(text).toContain(line);
  });
});
