import * as fc from "fast-check";
import widthOf from "fast-string-width";
import { describe, expect, test } from "vitest";
import { cutMiddle, cutPath } from "../../../src/report/screen/cut.ts";
import { signsIn } from "../../../src/report/screen/screen.ts";
import { japanese, marked, screenOf } from "./screens.ts";

const screen = screenOf(80);

describe("a name that is too long loses its middle", () => {
  test.each([
    ["31964", 16, "31964"],
    ["a-very-long-name-of-a-reviewer-ca", 24, "a-very-long-…reviewer-ca"],
    [japanese, 8, "日本…ent"],
    ["日本語日本語", 6, "日…語"],
    ["e\u0301".repeat(9), 5, `${"e\u0301".repeat(2)}…${"e\u0301".repeat(2)}`],
    ["abcdef", 1, "a"],
    ["abcdef", 0, ""],
  ])("%s in %i cells", (name, cells, shown) => {
    expect(cutMiddle(name, cells, screen)).toBe(shown);
  });
});

describe("a path loses whole parts first", () => {
  test.each([
    ["~/src/docs", 20, "~/src/docs"],
    ["~/src/ml-pipeline/data/2026/really-long-folder-name", 44, "~/src/ml-pipeline/…/really-long-folder-name"],
    ["~/src/payments-api", 16, "~/…/payments-api"],
    ["~/src/really-long-folder-name", 18, "~/…/really-…r-name"],
    ["/srv/日本語/日本語日本語/エージェント", 20, "/srv/…/エージェント"],
    ["~/payments-and-refunds", 12, "paymen…funds"],
    ["claude-plugins-official/typescript-lsp/1.0.0", 20, "claude…icial/…/1.0.0"],
    ["/", 1, "/"],
  ])("%s in %i cells", (path, cells, shown) => {
    expect(cutPath(path, cells, screen)).toBe(shown);
  });
});

test("what is cut fits, whatever it is made of", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "/", "-", "語", "e\u0301", "é", "😀", "👩‍👧", "ﾊ", " ", "…"), maxLength: 60 });
  fc.assert(
    fc.property(letters, fc.nat(40), fc.constantFrom("C", "en_US.UTF-8"), (text, cells, locale) => {
      for (const cut of [cutMiddle, cutPath]) {
        const shown = cut(text, cells, { widthOf, signs: signsIn({ LANG: locale }) });
        expect(widthOf(shown), JSON.stringify(shown)).toBeLessThanOrEqual(cells);
        expect(shown === text || widthOf(text) > cells).toBe(true);
      }
    }),
  );
});

test("an accent stays on its letter", () => {
  expect(cutMiddle(marked, 7, screen)).toMatch(/^(?:\p{L}\p{M}{2}){3}…(?:[-\p{L}]\p{M}{2}){3}$/u);
});

describe("signs whose width is not certain are left out", () => {
  test.each([
    [{ LANG: "en_US.UTF-8" }, "…"],
    [{ LANG: "C.utf8" }, "…"],
    [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, ".."],
    [{ LC_ALL: "", LC_CTYPE: "de_DE.UTF-8", LANG: "C" }, "…"],
    [{}, ".."],
    [{ LANG: "POSIX" }, ".."],
    [{ LANG: "de_DE.ISO-8859-1" }, ".."],
    [{ LANG: "ja_JP.UTF-8" }, ".."],
    [{ LANG: "ko_KR.UTF-8" }, ".."],
    [{ LANG: "zh_TW.UTF-8@radical" }, ".."],
    [{ LANG: "kok_IN.UTF-8" }, "…"],
  ])("in %o", (env, ellipsis) => {
    const signs = signsIn(env);
    expect(signs.ellipsis).toBe(ellipsis);
    expect(Object.values(signs).every((sign) => /^[ -~]+$/.test(sign))).toBe(ellipsis === "..");
  });
});
