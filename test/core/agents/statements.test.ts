import { expect, test } from "vitest";
import { longestWord, saidBehind } from "../../../src/core/agents/statements.ts";

const behind = "Your agent name is ";

test.each<[string, readonly string[]]>([
  ["Your agent name is mars. Go on.", ["mars. Go on."]],
  ["your agent name is mars", ["mars"]],
  ["YOUR AGENT NAME IS MARS", ["MARS"]],
  ["Your agent\n  name\tis\nmars\nGo on", ["mars\nGo on"]],
  ["Your agent name is: mars", [": mars"]],
  ["**Your agent name is** mars", ["** mars"]],
  ["Your agent name is", [""]],
  ["Say Your agent name is NAME. Your agent name is mars.", ["NAME. Your agent name is mars.", "mars."]],
  ["Your agent name isn't mars", []],
  ["Your agent name issues mars", []],
  ["Your agent named is mars", []],
  ["Your agent is mars", []],
  ["Does every tool of mars", []],
  ["Your agent name", []],
  ["", []],
])("%j says behind the words %j", (text, said) => {
  expect(saidBehind(text, behind)).toEqual(said);
});

test("words that are run together say nothing", () => {
  expect(saidBehind("Youragentnameis mars", behind)).toEqual([]);
});

test("the longest word is the first of the longest, in lower case", () => {
  expect(longestWord(behind)).toBe("agent");
  expect(longestWord("My NAME here ")).toBe("name");
});
