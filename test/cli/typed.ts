import { readFileSync } from "node:fs";

/** Everything a document shows as code: the lines of its indented blocks, and what stands between backticks in its text. */
export function shownIn(document: string): readonly string[] {
  const text = readFileSync(document, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  const blocks = [...text.matchAll(/^ {4}(?! )(.+)$/gm)].map(([, line]) => line ?? "");
  const inline = text
    .split("\n")
    .flatMap((line) => (line.startsWith("    ") ? [] : [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "")));
  return [...new Set([...blocks, ...inline].map((line) => line.replace(/\s+#.*$/, "").trim()))];
}

/** Whether a line runs sessreap, which is tried with what the line is to do; lines that install it or clean up are not. */
export const runsTool = (line: string): boolean =>
  /(?:^|[\s(])sessreap(?: [^/]|$)/.test(line) &&
  !/^(?:npm (?:un)?(?:install|link)|npm ci && npm link|crontab -l \||rm|man|sudo apt) ?/.test(line);
