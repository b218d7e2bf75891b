import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commands } from "../../../src/cli/declarations/commands.ts";
import { ownVariables } from "../../../src/cli/manual/environment.ts";
import { manualPages } from "../../../src/cli/manual/pages.ts";
import { literal, prose } from "../../../src/cli/manual/roff.ts";
import { leaveOut, newScratch, sessreap } from "../harness.ts";

const pages = Object.entries(manualPages).map(([name, { section, render }]) => ({ name, file: `man/${name}.${section}`, render }));

test.each(pages)("$file is what the declarations make of it", ({ file, render }) => {
  expect(readFileSync(file, "utf8")).toBe(render());
});

const lint = spawnSync("mandoc", ["-T", "lint", "/dev/null"]).error === undefined;
if (!lint) leaveOut("the manual's lint", "mandoc is not installed (apt-get install mandoc)");

test.runIf(lint).each(pages)("mandoc finds nothing to say of $file", ({ file }) => {
  expect(spawnSync("mandoc", ["-T", "lint", file], { encoding: "utf8" })).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test.each(pages)("the program prints $name by itself", async ({ name, render }) => {
  expect(await sessreap(newScratch(), ["manual", name])).toMatchObject({ code: 0, stdout: render(), stderr: "" });
});

test("a page that is not there is a mistake in the command line, and the nearest one is named", async () => {
  const { code, stderr } = await sessreap(newScratch(), ["manual", "sessreap-unit"]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "sessreap-units"?') as string });
});

test("every option of every command stands in sessreap(1), and no hidden command does", () => {
  const page = manualPages.sessreap.render().replaceAll("\\", "");
  expect(page).not.toContain("__complete");
  for (const command of commands.filter((one) => !("hidden" in one))) {
    expect(page).toContain(`.SS ${command.name}`);
    for (const { flags } of command.options) expect(page).toContain(/--[a-z-]+/.exec(flags)?.[0]);
  }
});

test("every variable that the source reads is in the manual", () => {
  const read = new Set(["SESSREAP_GRACE", "SESSREAP_TTL"]);
  for (const file of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.includes("manual/")) continue;
    for (const [name] of readFileSync(`src/${file}`, "utf8").matchAll(/\bSESSREAP_(?!VERSION\b)[A-Z_]+[A-Z]\b/g)) read.add(name);
  }
  expect(ownVariables.map(([name]) => name).toSorted()).toEqual([...read].toSorted());
});

test("no text is taken for a command of roff", () => {
  expect([literal(".TH"), literal("'x\n.y"), literal("a\\b"), prose(".x `-n` <key>")]).toEqual([
    "\\&.TH",
    "\\&'x\n\\&.y",
    "a\\eb",
    "\\&.x \\fB\\-n\\fR \\fIkey\\fR",
  ]);
});

test("what is checked in is what the generators write", () => {
  expect(() => execFileSync(process.execPath, ["scripts/generate.mjs", "--check"], { stdio: "pipe" })).not.toThrow();
});
