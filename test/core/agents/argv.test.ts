import { expect, test } from "vitest";
import { argvHas, tokensOf, wordsOf } from "../../../src/core/agents/argv.ts";

test("an option's value is a token, and so is the whole option", () => {
  expect(tokensOf(["claude", "--session-id=a", "b=c", "-x"])).toEqual(["--session-id=a", "a", "b=c", "-x"]);
});

test("tokens are whole arguments, and what follows the first equals sign of an option", () => {
  expect(tokensOf(["codex", "--config=a=b", "x=y", "-c=1", "="])).toEqual(["--config=a=b", "a=b", "x=y", "-c=1", "1", "="]);
  expect(tokensOf([])).toEqual([]);
});

test.each([
  [
    ["codex", "resume", "two words"],
    ["codex", "resume", "two words"],
  ],
  [
    ["npm exec  codex resume", "", ""],
    ["npm", "exec", "codex", "resume"],
  ],
  [
    ["claude bg-spare", "--bg-spare", "", "/tmp/two words"],
    ["claude", "bg-spare", "--bg-spare", "", "/tmp/two words"],
  ],
  [[], []],
])("the words of %j are those of its title, and the arguments behind it unless all are empty", (argv, words) => {
  expect(wordsOf(argv)).toEqual(words);
});

test("wanted tokens are whole, in order, and all of them", () => {
  expect(argvHas(["node", "/opt/bridge.mjs", "watch", "more"], ["bridge.mjs", "watch"])).toBe(true);
  expect(argvHas(["node", "watch", "bridge.mjs"], ["bridge.mjs", "watch"])).toBe(false);
  expect(argvHas(["node", "bridge.mjs"], ["bridge.mjs", "watch"])).toBe(false);
  expect(argvHas(["bridge.mjs"], ["bridge.mjs"])).toBe(true);
  expect(argvHas(["bridge.mjs"], [])).toBe(false);
});

test.each([
  [["node", "/opt/bridge/bridge.mjs", "watch"], ["bridge.mjs", "watch"], true],
  [["node", "bridge.mjs", "register", "watch"], ["bridge.mjs", "watch"], true],
  [["watch", "bridge.mjs"], ["bridge.mjs", "watch"], false],
  [["node", "old-bridge.mjs", "watch"], ["bridge.mjs", "watch"], false],
  [["node", "bridge.mjs watch"], ["bridge.mjs", "watch"], false],
  [["node /opt/bridge/bridge.mjs watch"], ["bridge.mjs", "watch"], true],
  [["node /opt/bridge/bridge.mjs watch", "", "", ""], ["bridge.mjs", "watch"], true],
  [["bridge.mjs  watch "], ["bridge.mjs", "watch"], true],
  [["node /opt/bridge/bridge.mjs register"], ["bridge.mjs", "watch"], false],
  [["watch bridge.mjs"], ["bridge.mjs", "watch"], false],
  [["/opt/my tools/bridge.mjs"], ["/opt/my tools/bridge.mjs"], true],
  [["", ""], ["bridge.mjs"], false],
  [["anything"], [], false],
])("%j against the owner %j: %s", (argv, wanted, expected) => {
  expect(argvHas(argv, wanted)).toBe(expected);
});
