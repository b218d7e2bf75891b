import { expect, test } from "vitest";
import { argvOf, mentionTable, withOpenFiles } from "../../../src/core/agents/mention-table.ts";
import { soughtAmong } from "../../../src/core/agents/mentions/sought.ts";
import { knownPrograms } from "../../../src/core/agents/programs.ts";
import { seen, unseen, type Mentions } from "../../../src/core/evidence.ts";
import { carrier, mentionsOf, session } from "../scene.ts";

test.each([
  ["", []],
  ["\0", [""]],
  ["codex\0resume\0", ["codex", "resume"]],
  ["codex\0resume", ["codex", "resume"]],
  ["codex\0\0", ["codex", ""]],
])("the command line %j has the arguments %j", (commandLine, argv) => {
  expect(argvOf(commandLine)).toEqual(argv);
});

const other = "019d0000-1111-7000-8000-00000000000b";
const [codex, claude] = [carrier(["codex", "resume", session]), carrier(["claude", "--resume", other], { pid: 601 })];
const lock = `/home/u/.codex/thread-writer-locks/${session}.lock`;

const carried = ({ bySession }: Mentions): readonly string[] =>
  [...bySession].flatMap(([id, mentions]) =>
    mentions.map(({ carrier: { pid }, manner }) => `${id === session ? "session" : "other"}: ${pid} ${manner}`),
  );

test("a look at all open files keeps what arguments carried, and takes the place of an earlier look at files", () => {
  const inArguments = mentionsOf([session, other], [codex, claude], [[claude, lock, true]]);
  const found = { ...mentionsOf([session, other], [], [[codex, lock, true]]), closed: [{ carrier: claude, why: "EACCES" }] };
  expect(carried(inArguments)).toEqual(["session: 600 argument", "session: 601 open-file", "other: 601 argument"]);
  const whole = withOpenFiles(inArguments, found);
  expect(carried(whole)).toEqual(["session: 600 argument", "session: 600 open-file", "other: 601 argument"]);
  expect([whole.files, whole.closed]).toEqual(["all", found.closed]);
  const onlyHeld = mentionsOf([session], [], [[codex, lock, true]]);
  expect(carried(withOpenFiles(onlyHeld, mentionsOf([session], [])))).toEqual([]);
});

test("a reader that names a session may write it, and of an agent that is not asked", () => {
  const question = { sought: soughtAmong([session], ["Your name is "]), programs: knownPrograms };
  const table = mentionTable(question);
  const dark = unseen("too dark");
  for (const one of [codex, carrier(["less", session], { pid: 602 })])
    table.commandLine(
      one.argv.map((word) => `${word}\0`).join(""),
      () => one,
      () => dark,
    );
  table.commandLine(
    "claude\0-p\0Hello. Your name is mars, not Your name is venus",
    () => claude,
    () => dark,
  );
  table.commandLine(
    "vim\0notes\0",
    () => expect.fail("a process that carries nothing is not described"),
    () => dark,
  );
  const { bySession, statements, files } = table.result("agents");
  expect(bySession.get(session)?.map(({ writes }) => writes)).toEqual([seen(false), dark]);
  expect(statements).toEqual([
    { carrier: claude, behind: "Your name is ", text: "mars, not Your name is venus", isFirst: true },
    { carrier: claude, behind: "Your name is ", text: "venus", isFirst: false },
  ]);
  expect(files).toBe("agents");
});

test("a process that carries an id and states a name is told by both", () => {
  const table = mentionTable({ sought: soughtAmong([session], ["Your name is "]), programs: knownPrograms });
  table.commandLine(
    `codex\0resume\0${session}\0Your name is mars\0`,
    () => codex,
    () => unseen("too dark"),
  );
  const { bySession, statements } = table.result("agents");
  expect([bySession.get(session)?.length, statements.map(({ text }) => text)]).toEqual([1, ["mars"]]);
});
