import { describe, expect, test } from "vitest";
import { formatMessage } from "../../../../src/core/answer.ts";
import { seen, unseen } from "../../../../src/core/evidence.ts";
import { mentioned } from "../../../../src/core/rungs/signs/mentions.ts";
import { statedName, statesName } from "../../../../src/core/rungs/signs/stated-name.ts";
import { agent, blind, carrier, mentionsOf, sceneOf, session, type Described } from "../../scene.ts";

const lock = `/home/u/.codex/thread-writer-locks/${session}.lock`;
const transcript = `/home/u/.claude/projects/x/${session}.jsonl`;
const codex = carrier(["codex"]);
const closed = (uid: number) => seen({ ...mentionsOf([session], []), closed: [{ carrier: carrier(["codex"], { uid }), why: "EACCES" }] });

const said = (ask: typeof mentioned.ask, described: Described): string => {
  const answer = ask(sceneOf(described));
  return answer.kind === "not-applicable" ? answer.kind : `${answer.kind} ${answer.reason}`;
};

describe("a mention", () => {
  const rows: readonly (readonly [title: string, described: Described, expected: string])[] = [
    ["of an agent, as an argument", { carriers: [carrier(["claude", "--resume", session])] }, "live attached-cli"],
    ["of an agent, in a prompt", { carriers: [carrier(["claude", "-p", `what of ${session}?`])] }, "unknown mentioned"],
    ["of an agent that holds the writer lock open", { open: [[codex, lock, true]] }, "live open-file"],
    [
      "of an agent that has the rollout open for reading",
      { open: [[codex, `/s/rollout-2026-11-20T15-00-00-${session}.jsonl`, false]] },
      "live open-file",
    ],
    ["of an editor", { carriers: [carrier(["vim", transcript])] }, "unknown mentioned"],
    ["of a shell that was told to start one", { carriers: [carrier(["sh", "-c", `codex resume ${session}`])] }, "unknown mentioned"],
    ["of an unknown program", { carriers: [carrier(["mymind", "--resume", session])] }, "unknown mentioned"],
    [
      "of an orphaned tool that holds a file open",
      { open: [[carrier(["sleep", "60"]), `/tmp/claude-0/x/${session}/tasks/b.output`, true]] },
      "unknown mentioned",
    ],
    ["of a reader", { carriers: [carrier(["less", transcript])] }, "not-applicable"],
    ["of a reader that has a file open", { open: [[carrier(["tail", "-f", transcript]), transcript, false]] }, "not-applicable"],
    [
      "of a reader, and of an agent behind it",
      { carriers: [carrier(["less", transcript], { pid: 601 }), carrier(["claude", "--resume", session])] },
      "live attached-cli",
    ],
    [
      "of an agent that holds a file of the session open, and of a reader that does",
      {
        open: [
          [carrier(["tail", "-f", transcript], { pid: 601 }), transcript, false],
          [codex, lock, true],
        ],
      },
      "live open-file",
    ],
    ["of a reader that writes", { open: [[carrier(["cat"]), transcript, true]] }, "unknown mentioned"],
    ["of a reader that names it and writes it", { ...writing(carrier(["grep", session])) }, "unknown mentioned"],
    ["of a reader of which it is not known whether it writes", { mentions: seen(unknownWriter()) }, "unknown mentioned"],
    ["of a reader that may not be looked at", { carriers: [carrier(["less", session], { exe: unseen("EACCES") })] }, "unknown mentioned"],
    [
      "of a shell between us and the agent",
      { carriers: [carrier(["bash", "-c", `sessreap explain ${session}`], { kin: "between" })] },
      "not-applicable",
    ],
    ["of nothing", {}, "not-applicable"],
    ["by another id", { carriers: [carrier(["claude", "--resume", `${session}0`])] }, "not-applicable"],
    ["that could not be looked for", { mentions: blind }, "unknown process-table-blind"],
    ["in a table that was not all seen", { table: { complete: blind } }, "unknown process-table-blind"],
    [
      "of an agent, in a table that was not all seen",
      { table: { complete: blind }, carriers: [carrier(["codex", session])] },
      "live attached-cli",
    ],
    ["and an agent of the writer that may not be looked at", { mentions: closed(1000) }, "unknown process-table-blind"],
    ["and an agent of another user that may not be looked at", { mentions: closed(1001) }, "not-applicable"],
    [
      "and an agent of any user, where any may have written",
      { mentions: closed(1001), registry: { writer: undefined } },
      "unknown process-table-blind",
    ],
    [
      "of an id that is too short",
      { claim: { sessionId: "mars-5" }, carriers: [carrier(["claude", "--resume", "mars-5"])] },
      "not-applicable",
    ],
    ["of an id that is too short, in no table", { claim: { sessionId: "mars-5" }, processes: blind }, "unknown process-table-blind"],
    [
      "of an id that is too short, in a table that was not all seen",
      { claim: { sessionId: "mars-5" }, table: { complete: blind } },
      "unknown process-table-blind",
    ],
    ["of an entry without an id", { claim: { sessionId: undefined }, mentions: blind }, "not-applicable"],
    [
      "of the other id of its entry",
      {
        claim: { sessionId: undefined, identity: "omx-1795698706548-7otumq" },
        registry: { identityIsSession: true },
        carriers: [carrier(["codex", "-c", 'model_instructions_file="/w/.omx/state/sessions/omx-1795698706548-7otumq/AGENTS.md"'])],
      },
      "live attached-cli",
    ],
    [
      "of an identity that is a name",
      { claim: { sessionId: undefined, identity: "gardeners" }, carriers: [carrier(["codex", "gardeners"])] },
      "not-applicable",
    ],
  ];

  function writing(reader: ReturnType<typeof carrier>): Described {
    return { carriers: [reader], open: [[reader, transcript, true]] };
  }

  function unknownWriter() {
    const found = mentionsOf([session], [carrier(["grep", session])]);
    return {
      ...found,
      bySession: new Map([...found.bySession].map(([id, those]) => [id, those.map((one) => ({ ...one, writes: blind }))])),
    };
  }

  test.each(rows)("%s", (_, described, expected) => {
    expect(said(mentioned.ask, described)).toBe(expected);
  });

  test("says which process it is, by pid and name, and how it carries the session", () => {
    const detail = (described: Described): string => formatMessage(mentioned.ask(sceneOf(described)).detail);
    expect(detail({ carriers: [carrier(["vim", transcript], { pid: 77 })] })).toContain("vim (pid 77)");
    expect(detail({ open: [[codex, lock, true]] })).toBe(`codex (pid 600) holds ${lock} open`);
    const claude = carrier(["claude", "--resume", session]);
    expect(detail({ carriers: [claude] })).toBe("claude (pid 600) names the session in its arguments");
    expect(detail({ carriers: [carrier(["claude", `see ${session}`])] })).toContain("claude (pid 600) names the session in a text");
    expect(detail({})).toBe("no process carries its id");
    const two = [agent(["codex", "resume", "mars-5"], 501), agent(["codex", "resume", "mars-5"], 502)];
    expect(detail({ claim: { sessionId: "mars-5" }, table: { agents: two } })).toBe("codex (pid 501) names the session in its arguments");
  });
});

describe("a stated name", () => {
  test.each([
    ["größe.", "größe", "yes"],
    ["größe", "größe", "yes"],
    ["gro\u0308ße. Go.", "größe", "yes"],
    ["mars. Go on", "mars", "yes"],
    ["mars, not Your agent name is venus", "mars", "yes"],
    ["mars audit: ca. Go", "mars audit: ca", "yes"],
    ["mars audit: ca. Go", "mars", "perhaps"],
    ["mars audit: ca. Go", "mars audit", "perhaps"],
    ["mars and you are kind", "mars", "perhaps"],
    ["mars:audit.", "mars", "no"],
    ["mars:audit.", "mars:audit", "yes"],
    ["a.b... Go", "a.b", "yes"],
    ["a.b", "a", "no"],
    ["mars2.", "mars", "no"],
    ["mars-2.", "mars", "no"],
    ["marsé.", "mars", "no"],
    ["mars!", "mars", "yes"],
    ['mars" and more', "mars", "yes"],
    ["mars\nGo", "mars", "yes"],
    ["mars, jr. Go", "mars, jr", "yes"],
    ["宇宙船。", "宇宙船", "yes"],
    ['"mars audit". Go', "mars audit", "yes"],
    ["`mars`", "mars", "yes"],
    ["**mars**, and", "mars", "yes"],
    ["«mars»", "mars", "yes"],
    ["<mars>", "mars", "yes"],
    [" mars", "mars", "yes"],
    ["<mars> and on", "<mars", "yes"],
    [": mars", "mars", "yes"],
    ["** mars", "mars", "yes"],
    ["`mars-2`", "mars", "no"],
    ["`venus` of mars", "mars", "no"],
    ["a mars", "amars", "no"],
    ["... nobody", "nobody", "no"],
    ["", "mars", "no"],
    ["mars", "", "no"],
  ] as const)("%j names %s: %s", (text, name, expected) => {
    expect(statesName(text, name)).toBe(expected);
  });

  const named = { claim: { sessionId: undefined, identity: "größe" } } as const;
  const stating = (program: string, text = "größe.") => ({ ...named, carriers: [carrier([program, `Your agent name is ${text}`])] });

  test.each<readonly [string, Described, string]>([
    ["of an agent", stating("codex"), "live attached-cli"],
    ["of an agent, whose text goes on", stating("codex", "größe and big"), "unknown mentioned"],
    ["of an agent, after an example", stating("codex", "NAME. Your agent name is größe."), "unknown mentioned"],
    ["of an agent, in lower case", { ...named, carriers: [carrier(["codex", "your agent name is größe."])] }, "live attached-cli"],
    ["of an agent, over a line's end", { ...named, carriers: [carrier(["codex", "Your agent\nname is größe."])] }, "live attached-cli"],
    ["of an agent, behind a colon", { ...named, carriers: [carrier(["codex", "Your agent name is: größe."])] }, "live attached-cli"],
    ["of an unknown program", stating("mymind"), "unknown mentioned"],
    ["in a shell", { ...named, carriers: [carrier(["sh", "-c", "codex 'Your agent name is größe.'"])] }, "unknown mentioned"],
    ["in a terminal multiplexer's server", stating("tmux"), "not-applicable"],
    ["of another agent", stating("codex", "größer."), "not-applicable"],
    ["in what runs below us", { ...named, carriers: [carrier(["perl", "Your agent name is größe."], { kin: "ours" })] }, "not-applicable"],
    ["in a format whose agents state none", { ...stating("codex"), registry: { statedBehind: undefined } }, "not-applicable"],
    ["that could not be looked for", { ...named, mentions: blind }, "unknown process-table-blind"],
    ["in a table that was not all seen", { ...named, table: { complete: blind } }, "unknown process-table-blind"],
  ])("%s", (_, described, expected) => {
    expect(said(statedName.ask, described)).toBe(expected);
  });
});
