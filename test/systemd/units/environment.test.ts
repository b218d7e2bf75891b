import { execFileSync } from "node:child_process";
import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { environmentLines, parseEnvironment, recordedFrom, shownValue } from "../../../src/systemd/units/environment.ts";

const ours = (): boolean => false;

test("records what a sweep reads, and nothing else of the shell", () => {
  const env = {
    CODEX_HOME: "/srv/codex",
    CODEX_APP_SERVER_URL: "unix://",
    XDG_RUNTIME_DIR: "/run/user/1",
    PATH: "/bin",
    CLAUDE_CONFIG_DIR: "",
  };
  expect(recordedFrom(env, ours)).toEqual({ values: { CODEX_HOME: "/srv/codex", CODEX_APP_SERVER_URL: "unix://" }, leftOut: [] });
});

test.each([
  ["a path that is not absolute", "codex", "it is no absolute path"],
  ["a control character", "/srv/a\nb", "it holds a control character"],
  ["a path of another user", "/root/.codex", "it is not this user's"],
])("leaves out %s, and says so", (_, value, why) => {
  const { values, leftOut } = recordedFrom({ CODEX_HOME: value }, (path) => path.startsWith("/root"));
  expect(values).toEqual({});
  expect(leftOut).toEqual([expect.stringContaining(why)]);
});

test.each([
  ["ws://bob:hunter2@127.0.0.1:8788", "an address that is not shown"],
  ["ws://127.0.0.1:8788/?token=hunter2", "an address that is not shown"],
  ["wss://hunter2@remote", "an address that is not shown"],
  ["ws://127.0.0.1:8788", undefined],
  ["unix:///run/a@b?c", undefined],
  ["ws://remote:8788", undefined],
])("of the address %s nothing that may be a password is recorded or said", (value, hidden) => {
  const { values, leftOut } = recordedFrom({ CODEX_APP_SERVER_URL: value }, ours);
  expect(values).toEqual(hidden === undefined ? { CODEX_APP_SERVER_URL: value } : {});
  expect(leftOut).toEqual(hidden === undefined ? [] : ["CODEX_APP_SERVER_URL: it may hold a password or a token"]);
  expect(shownValue("SESSREAP_APP_SERVER", value)).toBe(hidden ?? value);
});

test("what is written is read back", () => {
  assert(
    property(string({ unit: "grapheme" }), (value) => {
      const plain = value.replaceAll(/\p{Cc}/gu, "");
      expect(parseEnvironment(environmentLines({ CODEX_HOME: plain }).join("\n"))).toEqual({ CODEX_HOME: plain });
    }),
  );
});

test("a shell reads it as it was, too", () => {
  const value = 'a "quoted" $HOME, `one` \\ and an \' apostrophe';
  const text = `${environmentLines({ CODEX_HOME: value }).join("\n")}\nprintf %s "$CODEX_HOME"`;
  expect(execFileSync("sh", ["-c", text], { encoding: "utf8" })).toBe(value);
});

test("comments, blank lines and single quotes of a file that a person wrote are understood", () => {
  expect(parseEnvironment("# A=1\n; B=2\n\nC = 3\n D='x y'\nE=a\\\nb\nF=\n")).toEqual({ D: "x y", E: "ab", F: "" });
});
