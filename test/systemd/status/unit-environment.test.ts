import { describe, expect, test } from "vitest";
import { environmentGuards, type UnitEnvironment } from "../../../src/systemd/status/unit-environment.ts";

const check = (unit: Partial<UnitEnvironment>, shell: Readonly<Record<string, string>>) =>
  environmentGuards(shell, { unit: "sessreap.service", values: {}, unread: [], ...unit })[0];

describe("what doctor says of the shell beside the unit", () => {
  test.each<[string, Partial<UnitEnvironment>, Readonly<Record<string, string>>]>([
    ["the same in both", { values: { CODEX_HOME: "/srv/codex", HOME: "/home/a" } }, { CODEX_HOME: "/srv/codex", HOME: "/home/a" }],
    ["empty here, and unset there", {}, { CODEX_HOME: "" }],
    ["the same home, with a slash behind it", { values: { HOME: "/home/a/" } }, { HOME: "/home/a" }],
    ["what no sweep reads", { values: { EDITOR: "vi" } }, { EDITOR: "ed", PAGER: "less" }],
    ["a manager that tells no home", {}, { HOME: "/home/a" }],
  ])("%s is nothing to do", (_, unit, shell) => {
    expect(check(unit, shell)).toMatchObject({ posture: "on", cause: "fine", cure: null });
  });

  test("a variable that only the shell has is not what sweeps", () => {
    expect(check({}, { CLAUDE_CONFIG_DIR: "/srv/claude" })).toMatchObject({
      cause: "environment-differs",
      detail: "judged as the unit sees it: CLAUDE_CONFIG_DIR is unset there, /srv/claude here",
      cure: "sessreap units install, or unset it here",
    });
  });

  test("another home is another set of registries, and cannot be judged from here", () => {
    expect(check({ values: { HOME: "/home/a" } }, { HOME: "/root" })).toMatchObject({
      cause: "environment-differs",
      detail: "what is judged here is not what it sweeps: HOME is /home/a there, /root here",
      cure: "run sessreap with HOME=/home/a",
    });
  });

  test("a file of its environment that may not be read here is named", () => {
    expect(check({ unread: ["/etc/sessreap/alice.env"] }, {})).toMatchObject({
      cause: "fine",
      detail: "it has what this shell has; not read here: /etc/sessreap/alice.env",
    });
  });
});
