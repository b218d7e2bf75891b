import { expect, test } from "vitest";
import { canBeHolder } from "../../../src/core/identity/holder-names.ts";

const names = ["claude", "claude-code", "codex", "code", "node", "sh"];

test.each([
  ["by its comm", ["claude"]],
  ["by its comm in capitals", ["Claude"]],
  ["by its argv[0]", ["2.1.271", "/usr/bin/codex"]],
  ["by a directory of versions", ["2.1.197", "/home/dev/.local/share/claude/versions/2.1.197"]],
  ["by a hidden directory", ["2.1.271", "/home/dev/.claude/remote/ccd-cli/2.1.271"]],
  ["by a platform behind its name", ["codex-x86_64-un", "/opt/bin/codex-x86_64-unknown-linux-musl"]],
  ["by a version behind its name", ["/opt/bin/node22"]],
  ["by its script", ["MainThread", "/usr/bin/bun-profile", "/srv/claude-code/cli.js"]],
  ["by its package", ["MainThread", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"]],
  ["with an extension", ["/opt/claude.exe"]],
])("a holder is known %s", (_, called) => {
  expect(canBeHolder(called, names)).toBe(true);
});

test.each([
  ["a program of another name", ["quill", "/usr/bin/quill"]],
  ["a name that only begins like one", ["codexes", "nodelay", "share"]],
  ["a name that only ends like one", ["unclaude", "zsh"]],
  ["nothing", []],
])("a holder is not %s", (_, called) => {
  expect(canBeHolder(called, names)).toBe(false);
});

test("where no name is given, none is known", () => {
  expect(canBeHolder(["claude"], [])).toBe(false);
});
