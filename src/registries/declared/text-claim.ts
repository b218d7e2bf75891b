import { claimFrom } from "../fields.ts";
import type { Claim, EntryName } from "../format.ts";
import { claimFromName, isNamed, pidProblem } from "../formats/shared/one-file.ts";
import type { DeclaredShape } from "./declared.ts";
import { longestText, parseTextPattern, readingsOf, type TextCaptures, type TextPattern } from "../text-pattern.ts";

const fields = { pid: "pid", sessionId: "sessionId", host: "host", startTicks: "startTicks" } as const;

const formatReading = (reading: TextCaptures): string =>
  Object.entries(reading)
    .map(([name, said]) => `${name} ${said}`)
    .join(", ");

/** So much of a text, in characters, shows what it looks like. A long word may be a secret. */
const shown = 60;

function excerptOf(text: string): string {
  const short = text.replaceAll(/[\w+/=-]{24,}/g, (word) => `${word.slice(0, 4)}…`);
  return JSON.stringify(short.length > shown ? `${short.slice(0, shown - 1)}…` : short);
}

/** What the first pattern says that fits the whole text; or why none does. A text that can be read in two ways says nothing. */
function readText(patterns: readonly TextPattern[], text: string): TextCaptures | string {
  if (text.length > longestText) return `has more than ${longestText} characters`;
  for (const pattern of patterns) {
    const [reading, other] = readingsOf(pattern, text);
    if (reading === undefined) continue;
    return other === undefined
      ? reading
      : `can be read in two ways: ${formatReading(reading)}; or ${formatReading(other)}; say more of it in \`text\``;
  }
  return `is ${excerptOf(text)}, as which no pattern in \`text\` is; add one, as \`config suggest\` prints it`;
}

/** Its entries name sessions with their holders, in their names or in their texts. */
export function namesHoldersIn({ pattern, text = [] }: DeclaredShape): boolean {
  const says = (place: "sessionId" | "pid"): boolean => [pattern, ...text].some((one) => one.includes(`<${place}>`));
  return says("sessionId") && says("pid");
}

/** Reads claims that are made in plain text, under patterns of a configuration. */
export function textClaims(patterns: readonly string[]): (name: EntryName, text: string | undefined) => Claim {
  const parsed = patterns.map(parseTextPattern);
  return (name, text) => {
    const problem = pidProblem(name);
    if (problem !== undefined) return { ok: false, problem };
    if (text === undefined) return claimFromName(name, false);
    if (text === "") return isNamed(name) ? claimFromName(name, true) : { ok: false, problem: "is empty" };
    const reading = readText(parsed, text);
    if (typeof reading === "string") return { ok: false, problem: reading };
    const claim = claimFrom(name.key, reading, fields);
    if (!claim.ok) return claim;
    const { registration } = claim;
    if (name.pid !== undefined && registration.pid !== undefined && registration.pid !== name.pid)
      return { ok: false, problem: `its name says pid ${name.pid}, its text says ${registration.pid}` };
    return {
      ...claim,
      registration: { ...registration, pid: name.pid ?? registration.pid, sessionId: registration.sessionId ?? name.sessionId },
      identityText: () => text,
    };
  };
}
