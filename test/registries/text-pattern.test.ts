import { describe, expect, test } from "vitest";
import { parseTextPattern, readingsOf } from "../../src/registries/text-pattern.ts";

const read = (pattern: string, text: string) => readingsOf(parseTextPattern(pattern), text);

describe("a text is read", () => {
  test.each<[string, string, object]>([
    ["<pid>", "8119", { pid: "8119" }],
    ["<pid>", "8119\n", { pid: "8119" }],
    ["<pid>", "8119\r\n\r\n", { pid: "8119" }],
    ["<pid>\n", "8119", { pid: "8119" }],
    ["<pid>", "\uFEFF8119", { pid: "8119" }],
    ["<pid>", "-1", { pid: "-1" }],
    ["*<pid>", "      8119\n", { pid: "8119" }],
    ["<pid>\n<host>", "8119\r\nvenus.example\n", { pid: "8119", host: "venus.example" }],
    ["* (pid <pid> *", "claude agent agent-a1b2 (pid 8119 start 12801)", { pid: "8119" }],
    ["* (pid <pid> start <startTicks>)", "claude agent a (pid 8119 start 12801)", { pid: "8119", startTicks: "12801" }],
    ["pid: <pid>\n*", "pid: 8119\nname: a\nport: 80\n", { pid: "8119" }],
    ["*pid=<pid>\n*", "ppid=7\npid=8119\n\n", { pid: "8119" }],
    ["*pid=<pid>*", "name=a;pid=8119;parent-pid=7", { pid: "8119" }],
    ["*pid=<pid>*", "(pid=8119)", { pid: "8119" }],
    ["*pid=<pid>*", '{"pid=8119"}', { pid: "8119" }],
    ["*-pid=<pid>", "parent-pid=8119", { pid: "8119" }],
    ["*<pid>", "agent-8119", { pid: "8119" }],
    ["<pid>*", "8119.venus", { pid: "8119" }],
    ["pid: <pid>\n*", "pid: 8119\n", { pid: "8119" }],
    ["*PID=<pid>\n*", "HOST=a\nPID=8119\nPPID=\n", { pid: "8119" }],
    ["<host>-<pid>", "my-host-1-8119", { host: "my-host-1", pid: "8119" }],
    ["<host>-<pid>", "venus-1", { host: "venus", pid: "1" }],
    ["*@<host>.<pid>:*", "mars@venus.example.8119:1763900000", { host: "venus.example", pid: "8119" }],
    ["<sessionId> <pid>", "a:b/ü 8119", { sessionId: "a:b/ü", pid: "8119" }],
  ])("%j: %j", (pattern, text, said) => {
    expect(read(pattern, text)).toEqual([said]);
  });
});

describe("a text does not fit", () => {
  test.each<[string, string]>([
    ["<pid>", ""],
    ["<pid>", " 8119"],
    ["<pid>", "+8119"],
    ["<pid>", "8119 "],
    ["<pid>", "8119\n7"],
    ["<pid>", "8119\0\0"],
    ["<pid>", "12345678901"],
    ["<pid>", "0x1f"],
    ["<pid>", "8\u0000\u0031\u0000"],
    ["1<pid>", "12"],
    ["<host>", "a b"],
    ["<host>", "h".repeat(256)],
    ["pid: <pid>\n*", "pid: 8119"],
    ["", "8119"],
    ["*pid=<pid>", "pid=8119\nppid=7"],
    ["*pid=<pid>\n*", "parent_pid=8119\n\n"],
    ...["parent-pid", "parent.pid", "parent:pid", "parent/pid", "parent@pid", "élpid", "e\u0301pid", "\u{1D4D0}pid", "2pid"].map(
      (name): [string, string] => ["*pid=<pid>", `${name}=8119`],
    ),
    ["*<pid>", "0x8119"],
    ["*<pid>", "ppid8119"],
    ["<pid>*", "31a4"],
    ["<pid>*", "8119_7"],
    ["*élan <pid>", "zélan 8119"],
  ])("%j: %j", (pattern, text) => {
    expect(read(pattern, text)).toEqual([]);
  });
});

test("a text that names two pids is read in two ways, and in no more", () => {
  expect(read("*<pid>*", "pid 12 of 34 and 56")).toHaveLength(2);
  expect(read("* (pid <pid> *", "a (pid 12 b (pid 34 c")).toEqual([{ pid: "12" }, { pid: "34" }]);
});

test("where only asterisks can be read in several ways the reading is one", () => {
  expect(read("* * <pid>", "a b c d 8119")).toEqual([{ pid: "8119" }]);
});

test("a pattern of many asterisks does not try every way to fit a long text", () => {
  expect(read("*a*a*a*a*a*a<pid>b", "a".repeat(16_000))).toEqual([]);
  expect(read("*<host>*<sessionId>-<pid>!", "a-".repeat(8_000))).toEqual([]);
});
