import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { visible } from "../../src/report/visible.ts";
import { checkCutter } from "./cutter.ts";
import { checkFormats, checkPattern } from "./formats.ts";
import { holds, type Target } from "./law.ts";
import { stateTarget } from "./state.ts";
import { texts } from "./texts.ts";

export { watchCoverage } from "./coverage.ts";
export { fuzz } from "./engine.ts";

function fixtureTexts(root: string): readonly Buffer[] {
  const rows = readdirSync(join(root, "test/registries/fixtures"), { recursive: true, withFileTypes: true });
  return rows.filter((row) => row.isFile()).map((row) => readFileSync(join(row.parentPath, row.name)));
}

const buffers = (list: readonly string[]): readonly Buffer[] => list.map((text) => Buffer.from(text));

/** Nothing that is shown moves a cursor or ends a line, however it is cut. */
function checkVisible(bytes: Buffer): void {
  const text = bytes.toString("utf8");
  for (const shown of [visible(text), visible(text, 20), visible(bytes.toString("utf16le"))]) {
    holds(!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(shown), "what is shown holds no character that acts");
    holds(shown.length <= 200, "what is shown has an end");
  }
}

/** Everything that reads what somebody else may have written. `root` is the directory of the project. */
export function targetsIn(root: string): readonly (Target & { readonly clear?: () => void })[] {
  const fixtures = fixtureTexts(root);
  const names = [...new Set(fixtures.flatMap((text) => text.toString("utf8").match(/"[^"\n]{1,40}"/g) ?? []))];
  return [
    { name: "cutter", seeds: [...texts, ...fixtures], words: ['"agents"', '"agents":{', '"a/b"', '"m~n"'], check: checkCutter },
    { name: "formats", seeds: [...fixtures, ...texts], words: names, check: checkFormats },
    {
      name: "patterns",
      seeds: buffers([
        "<pid>.json\n77.json",
        "*-<pid>-*\na-77-b",
        "<port>.lock\n40123.lock",
        "<sessionId>*<pid>\nabc-12",
        "*\n",
        "a**b\nab",
      ]),
      words: ["<pid>", "<port>", "<sessionId>", "*", "\n", "0123456789", "00"],
      check: checkPattern,
    },
    stateTarget(),
    {
      name: "visible",
      seeds: buffers(["mars", "a\u001b[2Jb\r\n<3>c\u202e", "x".repeat(300), "🚀".repeat(120), "\u0085\u2028\u00ad"]),
      words: ["\u001b[", "\u009b"],
      check: checkVisible,
    },
  ];
}
