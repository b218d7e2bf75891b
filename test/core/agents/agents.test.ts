import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agentOf, mayBeAgent, scriptOf } from "../../../src/core/agents/agents.ts";
import { canonicalSession } from "../../../src/core/registration.ts";
import { session } from "../scene.ts";

describe("an argv runs an agent", () => {
  test.each([
    [["codex"], "codex"],
    [["/usr/bin/claude", "--resume"], "claude"],
    [["code", "exec"], "code"],
    [["coder"], "coder"],
    [["codex-x86_64-unknown-linux-musl", "resume"], "codex"],
    [["node", "/usr/bin/codex", "resume"], "codex"],
    [["/usr/bin/node", "--require", "/x/preload.js", "/usr/lib/codex.js"], "codex"],
    [["node", "--max-old-space-size=99", "/x/node_modules/@openai/codex/bin/run.js"], "codex"],
    [["bun", "/x/node_modules/@anthropic-ai/claude-code/cli.js"], "claude"],
    [["node", "/x/node_modules/@just-every/code/bin/start.mjs"], "code"],
  ])("%j", (argv, expected) => {
    expect(agentOf(argv)).toBe(expected);
  });

  test.each([
    [["grep", "codex"]],
    [["vim", "codex"]],
    [["less", "/home/u/codex"]],
    [["sh", "-c", `codex resume ${session}`]],
    [["node", "/usr/bin/sessreap", "codex"]],
    [["node", "/x/node_modules/@openai/other/codex-like.js"]],
    [["node"]],
    [["codexa"]],
    [["codex-review"]],
    [[]],
  ])("%j does not", (argv) => {
    expect(agentOf(argv)).toBeUndefined();
  });
});

test("no agent is passed over by its name", () => {
  const place = fc.constantFrom("", "/usr/bin/", "/x/node_modules/@openai/codex/", "./", "/opt/a b/");
  const name = fc.constantFrom("codex", "code", "coder", "claude", "codex-aarch64-linux", "node", "nodejs", "bun", "deno", "sh", "vim", "");
  const program = fc.tuple(place, name, fc.constantFrom("", ".js", ".mjs", ".ts", ".py", "/")).map((parts) => parts.join(""));
  const argv = fc.tuple(
    program,
    fc.array(
      fc.oneof(
        program,
        fc.string().filter((text) => !text.includes("\0")),
      ),
      { maxLength: 3 },
    ),
  );
  let agents = 0;
  fc.assert(
    fc.property(argv, fc.boolean(), ([first, others], ended) => {
      const words = [first, ...others];
      if (agentOf(words) === undefined) return;
      agents += 1;
      expect(mayBeAgent(`${words.join("\0")}${ended ? "\0" : ""}`)).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect(agents).toBeGreaterThan(200);
});

test.each([
  "/usr/lib/systemd/systemd\0--user\0",
  "/opt/workers/worker-7 --level info\0",
  "sh\0-c\0codex resume\0",
  "vim\0codex\0",
  "codexa\0",
  "",
])("%j need not be cut into arguments", (commandLine) => {
  expect(mayBeAgent(commandLine)).toBe(false);
});

test("the value of a runtime's option is not its script", () => {
  expect(scriptOf(["node", "-r", "a.js", "--import", "b.js", "--trace", "c.js"])).toBe("c.js");
});

test.each([session.toUpperCase(), session.replaceAll("-", ""), `urn:uuid:${session}`, ` ${session}\n`])(
  "%j is one session id",
  (spelling) => {
    expect(canonicalSession(spelling)).toBe(session);
  },
);

test.each(["Session-5", "019d", ""])("%j is no uuid and stands as it is", (id) => {
  expect(canonicalSession(id)).toBe(id);
});
