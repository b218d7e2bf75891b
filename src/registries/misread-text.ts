import type { Registration } from "../core/registration.ts";
import { largestPid } from "./field-readers.ts";

/** A pattern that finds the pid behind its own name, at the beginning of a line: no other number is meant. */
const namesPid = /(?:^|\n)[ \t]*(?:pid|process[ _-]?id)[ \t]*[=:]?[ \t]*<pid>/i;

/** Text with digits in it that are no pid: ids and times. */
const otherDigits = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?/gi;

/** Below it are the kernel's threads, and most counters and versions. */
const firstLikelyPid = 300;

export type TextClaim = { readonly text: string; readonly said: Pick<Registration, "pid" | "startTicks" | "sessionId" | "host"> };

/**
 * Why the number that patterns read as the pid may be another one: a text says a second number that runs, while the one that
 * was read does not. `isLive` is asked of both.
 */
export function misreadTextOf(
  patterns: readonly string[],
  claims: Iterable<TextClaim>,
  isLive: (pid: number) => boolean,
): string | undefined {
  const withPid = patterns.filter((pattern) => pattern.includes("<pid>"));
  if (withPid.every((pattern) => namesPid.test(pattern))) return undefined;
  for (const { text, said } of claims) {
    const { pid, startTicks, sessionId, host } = said;
    if (pid === undefined || isLive(pid)) continue;
    const others = [sessionId, host].reduce((rest: string, one) => (one === undefined ? rest : rest.replaceAll(one, " ")), text);
    for (const [digits] of others.replaceAll(otherDigits, " ").matchAll(/\d+/g)) {
      const number = Number(digits);
      if (number < firstLikelyPid || number > largestPid || digits === startTicks || number === pid || !isLive(number)) continue;
      return `pid ${pid}, as "text" reads an entry, does not run, and ${number}, which stands in that entry too, does`;
    }
  }
  return undefined;
}
