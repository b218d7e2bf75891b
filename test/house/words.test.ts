import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAst } from "vitest/node";

/** Private words of an earlier vocabulary, each of which stood for something that the field has a word for. */
const retired: ReadonlySet<string> = new Set(
  `Court court Grave grave Burial burial bury buried buryAll buryMembers unburied exhume noRoom Stone stone stones stoneOf encodeStone
  Plot isPlot encodePlot Stays Condemned Doomed doomed Whole wholeOf Meant Held handful anybody standingOf standingMarks undone
  settle settleAll settleBySight unsettled Deed deed deeds isDeed deedsIn deedsDone acts mend aside asides asideName putBackForgotten
  isForgotten forgottenMs litter clearLitter litterName Anchor anchored holdHere inPlace leaderOf LedAstray assertNotLedAstray Draft
  draft drafts createDraft finishDraft draftName healLock healLocks mayStillHeal eyes Eyes Sight sight sights OwnerSight PidSight
  EndpointSight AppServerSight TreeSight OwnersSight HostLockSight TimerSight isSameSight Examined Said sentence Told told toldAtMost
  Telling telling youth Trace traceOf sameness samenessOf timed noteworthy drift drifted tokensDrifted Phantom phantom phantoms
  findPhantoms phantomDetail withPhantoms planSupersede isReborn rebornMs loopOf showsElsewhere nobodys twins speakers oncePerPlace
  witnessed Gate tryGate Rival rival rivals Marked Via glanceAtTimer lookAtTimers firstRoom keptOf lookAtFile Watched`
    .split(/\s+/)
    .filter((word) => word !== ""),
);

/** Makers of text are called format, writers to a stream report. */
const speaking = /^(?:say|tell)(?:[A-Z]|$)/;

const folders = ["src", "test", "tools", "scripts"];
const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => [".ts", ".mjs"].includes(extname(path)) && !/fixtures|node_modules/.test(path)),
);

/** Every identifier of a text in its syntax tree: words in comments and strings are none. */
function identifiersIn(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof node !== "object" || node === null) return found;
  const { type, name } = node as { readonly type?: unknown; readonly name?: unknown };
  if (type === "Identifier" && typeof name === "string") found.add(name);
  for (const part of Object.values(node)) identifiersIn(part, found);
  return found;
}

describe("words", () => {
  test("no identifier of an earlier vocabulary is left", () => {
    const left = files.flatMap((path) => {
      const tree = parseAst(readFileSync(path, "utf8"), { lang: extname(path) === ".ts" ? "ts" : "js" });
      return [...identifiersIn(tree)].filter((name) => retired.has(name) || speaking.test(name)).map((name) => `${name} in ${path}`);
    });
    expect(left.toSorted()).toEqual([]);
  });

  test("a word in a comment or a string is no identifier", () => {
    const tree = parseAst('/* grave */ const kept: Stone = "court"; bury({ plot: kept });', { lang: "ts" });
    expect([...identifiersIn(tree)].toSorted()).toEqual(["Stone", "bury", "kept", "plot"]);
  });

  test("a comment names who acts: a user, a writer, the kernel, the sweep", () => {
    const comments = /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm;
    const actorless = /\b(?:who|what)ever\b|\b(?:no|some|any)body\b/i;
    const sources = files.filter((path) => path.startsWith("src"));
    const left = sources.flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(comments)].flatMap(([comment]) => (actorless.test(comment) ? [`${comment} in ${path}`] : [])),
    );
    expect(left).toEqual([]);
  });

  test("a member that can be missing does not say so twice", () => {
    const twice = /\?: [^;,)]*\| undefined/;
    const sources = files.filter((path) => path.startsWith("src"));
    expect(sources.filter((path) => twice.test(readFileSync(path, "utf8")))).toEqual([]);
  });
});
