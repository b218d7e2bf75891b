import { realpathSync } from "node:fs";
import { isSea } from "node:sea";

/**
 * The words that run this very program from anywhere: resolved, because a manager's PATH is short and `env node` is not
 * found by it under nvm (status 127). A standalone binary is a word of its own.
 */
export function ownCommand(): readonly string[] {
  const executable = realpathSync(process.execPath);
  const script = process.argv[1];
  return isSea() || script === undefined ? [executable] : [executable, realpathSync(script)];
}

/** A unit's line ends at a newline, quoted or not. */
export function cannotBeQuoted(words: readonly string[]): string | undefined {
  return words.find((word) => /[\u0000-\u001f\u007f]/.test(word));
}

/** Where npx, `pnpm dlx`, `yarn dlx` and bunx keep what they fetched: the next clean-up of their cache takes it away. */
const passing = /\/(?:_npx|dlx(?:-[^/]*)?|bunx-[^/]*)\//;

/** The word of a command that a package runner fetched for one run; a timer would miss it after the next clean-up. */
export function passingWord(words: readonly string[]): string | undefined {
  return words.find((word) => passing.test(word));
}
