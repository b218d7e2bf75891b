import { expect, test } from "vitest";
import { mostMembers } from "../../../src/registries/json/json-bytes.ts";
import { read } from "../documents.ts";

const utf16 = Buffer.from('{"a":1}', "utf16le");

test.each([
  ["UTF-16 with its mark", Buffer.from([0xff, 0xfe, ...utf16]), "", "the text is UTF-16 or binary, not UTF-8"],
  ["UTF-16 of the other order", Buffer.from([0xfe, 0xff, ...utf16]), "", "the text is UTF-16 or binary, not UTF-8"],
  ["UTF-16 without a mark", utf16, "", "the text is UTF-16 or binary, not UTF-8"],
  ["half of each mark", Buffer.from([0xff, 0x7b]), "", "the file holds neither an object nor an array"],
  ["nothing", Buffer.from(" \n"), "", "the file is empty"],
  ["a text", Buffer.from('"a"'), "", "the file holds neither an object nor an array"],
  ["no container where one should be", Buffer.from('{"a":{"b":5}}'), "/a/b", '"/a/b" holds neither an object nor an array'],
  ["nothing where a container should be", Buffer.from('{"a":{}}'), "/a/b", 'there is no "/a/b" in it'],
  ["two containers where one should be", Buffer.from('{"a":{},"a":{}}'), "/a", '"a" occurs twice'],
  ["two texts", Buffer.from("{}{}"), "", "something follows the JSON text"],
  ["a text cut off", Buffer.from('{"a":{"b":1}'), "", "the text ends too early"],
  ["nesting without end", Buffer.from("[".repeat(600)), "", "values are nested deeper than 512 levels"],
])("a registry with %s says what is wrong with it", (_, bytes, pointer, problem) => {
  expect(read(bytes, pointer)).toBe(problem);
});

test.each([
  [510, undefined],
  [511, undefined],
  [512, "values are nested deeper than 512 levels"],
])("an entry with a value of %i levels in it", (levels, problem) => {
  const found = read(Buffer.from(`{"mars":{"x":${"[".repeat(levels)}${"]".repeat(levels)}}}`), "");
  expect(typeof found === "string" ? found : undefined).toBe(problem);
});

test("more members than there can be names to tell apart are refused", () => {
  expect(read(Buffer.from(`[${"0,".repeat(mostMembers)}0]`), "")).toBe("there are more than 16777216 members");
});
