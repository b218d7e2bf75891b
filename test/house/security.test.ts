import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rowsOf } from "./tables.ts";

const textOf = (path: string): string => readFileSync(path, "utf8");

function sourcesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
}

describe("SECURITY.md", () => {
  const text = textOf("SECURITY.md");
  const rows = rowsOf(text).filter(([first]) => first !== "sentence" && !/^-+$/.test(first ?? ""));

  test("promises nothing outside its table", () => {
    const promises = text.slice(text.indexOf("## What sessreap promises"), text.indexOf("## What it cannot promise"));
    const beside = promises.split("\n").filter((line) => line !== "" && !line.startsWith("|") && !line.startsWith("## "));
    expect(beside).toEqual([expect.stringMatching(/^Each sentence has its test/)]);
    expect(rows.length).toBeGreaterThan(15);
  });

  test.each(rows)("%s", (_, held) => {
    const [, path, title] = /^`(.+?)`: "(.+)"$/.exec(held ?? "") ?? [];
    expect(textOf(path as string)).toContain(`${title}"`);
  });
});

test("no sweep can send a signal", () => {
  const signalling = ["src/sweep", "src/watch", "src/core", "src/registries"].flatMap(sourcesIn).filter((path) => {
    return /\bsignalExactly\b|\bprocess\.kill\b|\.kill\(/.test(textOf(path));
  });
  expect(signalling).toEqual([]);
});

test("an app server is sent three methods and no other", () => {
  const sent = sourcesIn("src/host/sockets").flatMap((path) =>
    [...textOf(path).matchAll(/\b(?:call|notify|request)\("([^"]+)"/g)].map(([, method]) => method),
  );
  expect(new Set(sent)).toEqual(new Set(["initialize", "thread/loaded/list", "thread/read"]));
});

test("only the kernel's and root's files are read without a look at what they are", () => {
  const plain = sourcesIn("src").flatMap((path) =>
    [...textOf(path).matchAll(/\b(?:readFileSync|createReadStream|readFile)\((?!["`]\/(?:proc|sys|etc)\/).*/g)].map(
      ([call]) => `${path}: ${call}`,
    ),
  );
  expect(plain).toEqual([]);
});

test("a program is found where root alone could have put it, or run on a PATH that is said", () => {
  const saidOtherwise = new Set([
    "src/host/files/trusted-file.ts", // a fixed PATH
    "src/systemd/manage/as-user.ts", // a fixed PATH, as the user
    "src/host/programs/run-command.ts", // what the user runs by `exec`, in the environment as it was given
  ]);
  const running = sourcesIn("src").filter((path) => /\b(?:spawn|spawnSync|execa)\(/.test(textOf(path)));
  expect(running.length).toBeGreaterThan(10);
  expect(running.filter((path) => !/\b(?:searchPath|perlCall)\(/.test(textOf(path)) && !saidOtherwise.has(path))).toEqual([]);
});
