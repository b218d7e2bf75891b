import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idsInCommandLine, idsInPath } from "../../../../src/core/agents/mentions/carried.ts";
import { idsOf, soughtAmong as among, soughtId } from "../../../../src/core/agents/mentions/sought.ts";

const id = "019d0000-1111-7000-8000-00000000000a";
const bare = id.replaceAll("-", "");
const omx = "omx-1795698706548-7otumq";
const short = "gardener-7";
const hex = "00112233445566ff";

const soughtAmong = (ids: readonly string[]) => among(ids.flatMap((one) => soughtId(one) ?? []));

const mannerOf = (argv: readonly string[], sought: string): string =>
  idsInCommandLine(argv.map((word) => `${word}\0`).join(""), soughtAmong([sought])).get(soughtId(sought) ?? "") ?? "nothing";

describe("how a command line carries an id", () => {
  const rows: readonly (readonly [argv: readonly string[], sought: string, manner: string])[] = [
    [["claude", "--resume", id], id, "argument"],
    [["claude", `--resume=${id}`], id, "argument"],
    [["claude", `-r${id}`], id, "argument"],
    [["claude", `-r{${id}}`], id, "argument"],
    [["claude", `-rurn:uuid:${id}`], id, "argument"],
    [["claude", `-r{${omx}}`], omx, "argument"],
    [["claude", `-r${omx}`], omx, "argument"],
    [["claude", `-r'${id}'`], id, "text"],
    [["claude", "-r", id], id, "argument"],
    [["codex", "resume", id.toUpperCase()], id, "argument"],
    [["codex", "resume", bare], id, "argument"],
    [["codex", "resume", bare.toUpperCase()], id, "argument"],
    [["codex", "resume", `{${id}}`], id, "argument"],
    [["codex", "resume", `urn:uuid:${id}`], id, "argument"],
    [["codex", "resume", `urn:uuid:{${id}}`], id, "text"],
    [["codex", `--session='${id}'`], id, "argument"],
    [["codex", `--session="{${id}}"`], id, "argument"],
    [["env", `CLAUDE_SESSION=${id}`], id, "argument"],
    [["codex", "resume", id], id.toUpperCase(), "argument"],
    [["codex", "resume", id], bare, "argument"],
    [["codex", "resume", id], `{${id}}`, "argument"],
    [["codex", "resume", id], `urn:uuid:${id}`, "argument"],
    [[`claude --resume ${id}`], id, "argument"],
    [[`npm exec @openai/codex resume ${id}`, "", ""], id, "argument"],
    [["codex", "-c", `model_instructions_file="/w/.omx/state/sessions/${omx}/AGENTS.md"`], omx, "argument"],
    [["codex", "-c", `model_instructions_file=/w/my work/.omx/state/sessions/${omx}/AGENTS.md`], omx, "argument"],
    [["tail", "-f", `/home/u/.claude/projects/x/${id}.jsonl`], id, "argument"],
    [["tail", "-f", `${id}.jsonl`], id, "argument"],
    [["codex", "-c", `experimental_resume=/s/2026/rollout-2026-11-20T15-00-00-${id}.jsonl`], id, "argument"],
    [["claude", `https://claude.ai/code/${id}`], id, "argument"],
    [["claude", `projects/${id}/notes`], id, "argument"],
    [["x", `/srv/${hex}/y`], hex, "argument"],
    [["tail", "-f", `/home/ada lovelace/${id}.jsonl`], id, "argument"],
    // Texts.
    [["sh", "-c", `claude --resume ${id}`], id, "text"],
    [["claude", "-p", `what became of ${id}?`], id, "text"],
    [["claude", `/review ${id} and tell`], id, "text"],
    [["claude", `/review /home/u/${id}/log and tell`], id, "text"],
    [["claude", `look at /home/u/${id}/log`], id, "text"],
    [["claude", `docs/log/2026 of/${id}.jsonl`], id, "text"],
    [["claude", `/home/ada/see "notes"/${id}.jsonl`], id, "text"],
    [["claude", `/home/ada/see here-${id}/log`], id, "text"],
    [["claude", "--settings", `{"session":"${id}"}`], id, "text"],
    [["claude", "--settings", `{"transcript":"/p/${id}.jsonl"}`], id, "text"],
    [["codex", "-c", `x={command="/x/${id}/y"}`], id, "text"],
    [["codex", `--sessions=${id},${id}`], id, "text"],
    [["codex", `session:${id}`], id, "text"],
    [["sh", "-c", `less /p/${id}.jsonl | head`], id, "text"],
    [["codex", `talk to ${short}.`], short, "text"],
    [["codex", `(${id})`], id, "text"],
    [["codex", "resume", `${id}-2`], id, "text"],
    [["codex", "-C", "/x/y", `${id}_bak`], id, "text"],
    [["runner", `--name=agent-${id}`], id, "text"],
    [["runner", "--unit", `agent_${omx}`], omx, "text"],
    [[`runner: agent-${id}`], id, "text"],
    [["runner", `--name=agent-${short}`], short, "nothing"],
    // Nothing.
    [["codex", "resume", `${id}0`], id, "nothing"],
    [["codex", "resume", `x${id}`], id, "nothing"],
    [["codex", "resume", `ä${id}`], id, "nothing"],
    [["codex", "resume", id.replace("a", "b")], id, "nothing"],
    [["codex", "-C", `/home/${short}/x`], short, "nothing"],
    [["codex", "-C", `/home/x/${short}.json`], short, "nothing"],
    [["codex", `${short}.json`], short, "nothing"],
    [["codex", "resume", short], short, "argument"],
    [["codex", `--session=${short}`], short, "argument"],
    [["codex", "resume", "1234567"], "1234567", "nothing"],
    [["codex", "resume", "1795698706548"], "1795698706548", "nothing"],
    [["codex", "resume", "mars-5"], "mars-5", "nothing"],
    // Ids with other characters in them.
    [["x", "resume", "thread:abc.def/9"], "thread:abc.def/9", "argument"],
    [["x", "--id=thread:abc.def/9"], "thread:abc.def/9", "argument"],
    [["x", "resume", "Thread:ABC.def/9"], "thread:abc.def/9", "argument"],
    [["x", "resume", "thread:ABC.def/9"], "Thread:abc.DEF/9", "argument"],
    [["x", "resume", "crew{gardeners}"], "crew{gardeners}", "argument"],
    [["x", "resume", "crewgardeners"], "crew{gardeners}", "nothing"],
    [["x", "resume", "!!!!!!!!"], "!!!!!!!!", "nothing"],
    [["x", "resume", "thread:abc.def/90"], "thread:abc.def/9", "nothing"],
    [["x", "resume", "mythread:abc.def/9"], "thread:abc.def/9", "nothing"],
    [["x", "two words here"], "two words", "text"],
    [["x", "two words"], "two words", "argument"],
    [["x", "größe-von-9"], "größe-von-9", "argument"],
  ];

  test.each(rows)("%j carries %s: %s", (argv, sought, manner) => {
    expect(mannerOf(argv, sought)).toBe(manner);
  });

  test("a command line may end without a zero byte", () => {
    const sought = soughtAmong([id]);
    expect([...idsInCommandLine(`codex\0resume\0{${id}}`, sought)]).toEqual([[id, "argument"]]);
    expect([...idsInCommandLine(`codex resume {${id}}`, sought)]).toEqual([[id, "argument"]]);
  });

  test("an argument goes before a text, wherever it stands", () => {
    expect(mannerOf(["claude", `about ${id}`, "--resume", id], id)).toBe("argument");
    expect(mannerOf(["claude", "--resume", id, `about ${id}`], id)).toBe("argument");
  });
});

test.each([
  ["its session", { sessionId: id.toUpperCase(), identity: undefined }, true, [id]],
  ["its session and its identity, where that is one, too", { sessionId: id, identity: omx }, true, [id, omx]],
  ["its identity alone", { sessionId: undefined, identity: omx }, true, [omx]],
  ["no identity that is a name", { sessionId: id, identity: omx }, false, [id]],
  ["nothing that is too short", { sessionId: "mars-5", identity: "mars" }, true, []],
] as const)("an entry is looked for by %s", (_, claim, identityIsSession, ids) => {
  expect(idsOf(claim, { identityIsSession })).toEqual(ids);
});

describe("the path of an open file carries an id", () => {
  test.each([
    [`/home/u/.codex/thread-writer-locks/${id}.lock`, id, true],
    [`/home/u/.codex/sessions/2026/11/20/rollout-2026-11-20T15-00-00-${id}.jsonl`, id, true],
    [`/home/u/.codex/sessions/rollout-${id}.jsonl (deleted)`, id, true],
    [`/tmp/claude-0/-w/${id}/tasks/b.output`, id, true],
    [`/w/.omx/state/sessions/${omx}/events`, omx, true],
    [`/w/log-${omx}-1.txt`, omx, true],
    [`/run/${bare.toUpperCase()}`, id, true],
    [`/srv/${hex}`, hex, true],
    [`/w/${short}/x`, short, false],
    [`/w/${short}`, short, false],
    [`/w/x${id}.lock`, id, false],
    [`/w/${id}0`, id, false],
    [`socket:[${id}]`, id, false],
    ["/w/1795698706548", "1795698706548", false],
  ])("%s of %s: %s", (path, sought, expected) => {
    expect(idsInPath(path, soughtAmong([sought]))).toEqual(expected ? [soughtId(sought)] : []);
  });
});

test("every id is found in any company, and by the spelling that it was looked for in", () => {
  const part = fc.constantFrom("claude", "--resume", "-p", "/x/y", "a b", "{}", "=", "", "x".repeat(90), "--flag-with-many-words-in-it");
  const spelled = fc.constantFrom(
    id,
    bare,
    id.toUpperCase(),
    `{${id}}`,
    `urn:uuid:${id}`,
    `--resume=${id}`,
    `-r${id}`,
    `/p/${id}/q`,
    `rollout=/p/rollout-${id}.jsonl`,
    `about ${id}, please`,
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 6 }),
      spelled,
      fc.array(part, { maxLength: 6 }),
      fc.constantFrom(id, bare.toUpperCase()),
      (before, word, after, sought) => {
        expect(mannerOf([...before, word, ...after], sought)).not.toBe("nothing");
      },
    ),
  );
});

test("what is found of a UUID does not depend on what else is looked for", () => {
  const around = fc.constantFrom(
    "",
    "/",
    "-",
    "_",
    " ",
    "=",
    "{",
    "a",
    "-r",
    "-a",
    "--",
    "cafe",
    "2026-11-26-",
    "\0",
    `${bare}-`,
    `${id}/`,
  );
  const spelled = fc.constantFrom(id, bare, id.toUpperCase(), `{${id}}`, `urn:uuid:${id}`, id.slice(1), `${id}0`, "00112233-4455");
  const text = fc.array(
    fc.tuple(around, spelled, around).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 4 },
  );
  // One that is no UUID turns off what tells texts apart at a glance.
  const [alone, inCompany] = [soughtAmong([id]), soughtAmong([id, "some.other:thread"])];
  fc.assert(
    fc.property(text, fc.constantFrom("", "\0", " "), (parts, between) => {
      const line = parts.join(between);
      expect(idsInCommandLine(line, alone)).toEqual(idsInCommandLine(line, inCompany));
      expect(idsInPath(`/x/${line}`, alone)).toEqual(idsInPath(`/x/${line}`, inCompany));
    }),
    { numRuns: 2000 },
  );
});

test("arguments that hold no id hold none, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 5 }), (argv) => {
      expect(idsInCommandLine(argv.join("\0"), soughtAmong([id, omx, short, "thread:abc.def/9"])).size).toBe(0);
    }),
  );
});

test("white space around an id is none of it", () => {
  expect(soughtId(" worker-11fb1383\n")).toBe("worker-11fb1383");
});
