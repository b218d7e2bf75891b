import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const textOf = (path: string): string => readFileSync(path, "utf8");

describe("CHANGELOG.md", () => {
  const sections = textOf("CHANGELOG.md").split(/^## /m).slice(1);

  test("has one heading for what is not released, above those of the releases", () => {
    const headings = sections.map((section) => section.slice(0, section.indexOf("\n")));
    expect(headings[0]).toBe("Unreleased");
    expect(headings.slice(1)).toContain("0.1.0");
    for (const heading of headings.slice(1)) expect(heading).toMatch(/^\d+\.\d+\.\d+$/);
    expect(new Set(headings).size).toBe(headings.length);
  });

  test.each(sections.map((section) => [section.slice(0, section.indexOf("\n")), section] as const))(
    "says in at most 40 lines what is in %s",
    (_, section) => {
      expect(section.trim().split("\n").length).toBeLessThanOrEqual(40);
    },
  );
});
