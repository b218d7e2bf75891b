import { afterEach, expect, test } from "vitest";
import { ownHome } from "../../../src/host/files/homes.ts";

const before = process.env["HOME"];
afterEach(() => {
  process.env["HOME"] = before;
});

test.each([
  ["/home/alice", "/home/alice"],
  ["/home/alice/", "/home/alice"],
  ["//home///alice//", "/home/alice"],
  ["/", "/"],
  ["///", "/"],
])("the home %s is %s: programs hash and compare its path", (given, expected) => {
  process.env["HOME"] = given;
  expect(ownHome()).toBe(expected);
});
