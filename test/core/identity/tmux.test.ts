import { expect, test } from "vitest";
import type { TmuxPane } from "../../../src/core/evidence.ts";
import { type TmuxClaim, findInTmux, tmuxKey } from "../../../src/core/identity/tmux.ts";

const pane = (session: string, more: Partial<TmuxPane> = {}): TmuxPane => ({
  session,
  sessionId: "$1",
  window: "0",
  index: "1",
  pane: "%5",
  tty: "/dev/pts/3",
  first: undefined,
  ...more,
});
const main = [pane("main"), pane("my_proj", { sessionId: "$2", window: "2", index: "0", pane: "%7", tty: "/dev/pts/4" })];

const rows: readonly (readonly [string, Partial<TmuxClaim>, "there" | "gone" | "unclear"])[] = [
  ["a session by its name", { tmuxSession: "main" }, "there"],
  ["a session by its number", { tmuxSession: "$2" }, "there"],
  ["a session by an exact target", { tmuxSession: "=main" }, "there"],
  ["a session by a target of its window", { tmuxSession: "main:0" }, "there"],
  ["a session by a name that tmux changed", { tmuxSession: "my.proj" }, "there"],
  ["a session of which the name is only a beginning", { tmuxSession: "mai" }, "gone"],
  ["a session of which the name is a pattern", { tmuxSession: "ma*" }, "gone"],
  ["a session of which the name is more", { tmuxSession: "main2" }, "gone"],
  ["a session of another number", { tmuxSession: "$12" }, "gone"],
  ["a pane by its number", { tmuxPane: "%5" }, "there"],
  ["a pane whose number is only a beginning", { tmuxPane: "%57" }, "gone"],
  ["a pane that has gone, in a session that is there", { tmuxSession: "main", tmuxPane: "%6" }, "gone"],
  ["a pane that was moved to another session", { tmuxSession: "gone", tmuxPane: "%7" }, "there"],
  ["a pane by its terminal", { tmuxPane: "/dev/pts/4" }, "there"],
  ["a pane by a target", { tmuxPane: "main:0.1" }, "there"],
  ["a pane by its place in its session", { tmuxSession: "my_proj", tmuxPane: "2.0" }, "there"],
  ["a pane by its index in its session", { tmuxSession: "main", tmuxPane: "1" }, "there"],
  ["a pane by a place in another session", { tmuxSession: "main", tmuxPane: "2.0" }, "unclear"],
  ["a pane by a target whose session has gone", { tmuxPane: "other:0.1" }, "gone"],
  ["a pane by a spelling that is not known, in a session that is there", { tmuxSession: "main", tmuxPane: "left" }, "unclear"],
  ["a pane by a spelling that is not known, in a session that has gone", { tmuxSession: "other", tmuxPane: "left" }, "gone"],
  ["a pane by a spelling that is not known, in no session", { tmuxPane: "left" }, "unclear"],
  ["a pane by a number and more", { tmuxPane: "%57x" }, "unclear"],
  ["a pane by a target that names no session, in none", { tmuxPane: ":0:1" }, "unclear"],
];

test.each(rows)("%s", (_, claim, found) => {
  expect(findInTmux({ tmuxSession: undefined, tmuxPane: undefined, tmuxSocket: undefined, ...claim }, main)).toBe(found);
});

test("each socket of each registry is looked at by itself", () => {
  const claim = (tmuxSocket?: string) => ({ tmuxSession: "main", tmuxPane: undefined, tmuxSocket });
  const keys = [tmuxKey("/a", claim()), tmuxKey("/a", claim("/run/t")), tmuxKey("/b", claim()), tmuxKey("/b", claim("/run/t"))];
  expect(new Set(keys).size).toBe(4);
  expect(tmuxKey("/a", { ...claim("/run/t"), tmuxSession: "other" })).toBe(keys[1]);
});
