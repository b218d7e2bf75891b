import { expect, test } from "vitest";
import type { Judgement } from "../../../src/core/ladder.ts";
import { readOtherwise } from "../../../src/core/revisions/read-otherwise.ts";
import type { Bytes } from "../../../src/core/revisions/revision.ts";
import { alive, observationOf, registryOf, revisedOf } from "./rows.ts";

const gone: Judgement = { ...alive, verdict: "ghost", reason: "pid-gone", detail: "pid 4712 is gone", certain: true };
const silent: Judgement = { ...gone, reason: "holder-gone", certain: false };
const foreign: Judgement = { ...alive, verdict: "undecided", reason: "foreign-host", detail: "it is of saturn" };

const file = "/run/agents.json";
const at = (start: number, end: number, path = file): Bytes => ({ file: path, start, end });
const claim = { key: "it", pid: 4712 };

/** What becomes of a ghost in one registry beside entries of another; both roots are the file unless said otherwise. */
function revised(
  ghost: { readonly bytes: Bytes; readonly judgement?: Judgement; readonly root?: string },
  ...others: readonly { readonly bytes: Bytes; readonly judgement?: Judgement; readonly root?: string }[]
): readonly string[] {
  const [own, ...beside] = [{ judgement: gone, ...ghost }, ...others].map(({ root = file, ...row }, registry) =>
    registryOf({ root }, { claim, registry, where: `at ${registry}`, ...row }),
  );
  const { candidates } = readOtherwise.candidates([own, ...beside].filter((one) => one !== undefined));
  return candidates
    .filter(({ row }) => row.registry === 0)
    .map((one) => revisedOf(readOtherwise.revise(one, observationOf(one, { claim }))));
}

test.each<[string, Judgement, Judgement, readonly string[]]>([
  ["live to the other", gone, alive, ["live pid-alive, no change"]],
  ["a doubt to the other", gone, foreign, ["undecided foreign-host, no change"]],
  ["proven dead by one, and silent to the other", gone, silent, ["ghost holder-gone, no change"]],
  ["silent to both", silent, silent, []],
  ["silent to one, and proven dead to the other", silent, gone, []],
  ["proven dead to both", gone, gone, []],
])("an entry that is %s is judged by the reading with more life in it", (_, judgement, other, expected) => {
  expect(revised({ bytes: at(2, 40), judgement }, { bytes: at(2, 40), judgement: other })).toEqual(expected);
});

test.each<[string, Bytes, Bytes, boolean]>([
  ["within it", at(2, 40), at(10, 20), true],
  ["at its start", at(2, 40), at(2, 3), true],
  ["at its end", at(2, 40), at(39, 40), true],
  ["around it", at(10, 20), at(2, 40), false],
  ["before it", at(10, 20), at(2, 9), false],
  ["behind it", at(10, 20), at(20, 30), false],
  ["over its end", at(10, 20), at(15, 25), false],
  ["in another file", at(2, 40), at(2, 40, "/run/others.json"), false],
  ["in its file, which goes whole", at(0, Number.POSITIVE_INFINITY), at(10, 20), true],
])("a ghost goes with live bytes of another registry %s: %s", (_, ghost, live, isKept) => {
  expect(revised({ bytes: ghost }, { bytes: live }).length).toBe(isKept ? 1 : 0);
});

test("of several ghosts that one stays in which another registry sees life", () => {
  const ghosts = registryOf(
    { root: file },
    ...[0, 1, 2, 3].map((index) => ({ claim, index, judgement: gone, bytes: at(10 * index, 10 * index + 9) })),
  );
  const live = registryOf({ root: file }, { claim, registry: 1, bytes: at(21, 25) }, { claim, registry: 1, bytes: at(22, 23) });
  const { candidates } = readOtherwise.candidates([ghosts, live]);
  expect(candidates.map(({ row, other }) => [row.index, other?.bytes.start])).toEqual([[2, 21]]);
});

test.each([
  ["the directory above", "/run", 1],
  ["the root of a longer name", "/run/agents.json.d", 0],
  ["another place", "/srv", 0],
])("entries of a registry at %s are looked through only where it may have the file", (_, root, count) => {
  expect(revised({ bytes: at(2, 40) }, { bytes: at(2, 40), root }).length).toBe(count);
});

test("what is said names the other registry and its reason", () => {
  const own = registryOf({ root: file }, { claim, judgement: gone, bytes: at(0, 9) });
  const other = registryOf({ root: file }, { claim, registry: 1, bytes: at(0, 9), format: "text-file", where: "/run/a.lock" });
  const [candidate] = readOtherwise.candidates([own, other]).candidates;
  const said = candidate && readOtherwise.revise(candidate, observationOf(candidate, { claim }))?.detail;
  expect(typeof said === "function" ? said() : said).toBe("text-file reads the same bytes (/run/a.lock): pid 4711 is alive");
});
