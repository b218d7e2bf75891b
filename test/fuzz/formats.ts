import { basename } from "node:path";
import { builtInFormats } from "../../src/registries/known.ts";
import type { Claim, EntryName, FilesFormat, FormatBasics, MembersFormat } from "../../src/registries/format.ts";
import { findMembers } from "../../src/registries/json/json-lines.ts";
import { claimReader, keyReader, memberEntries } from "../../src/sweep/load/member-entries.ts";
import { jsonFile } from "../../src/registries/declared/json-file.ts";
import { entryName, matchSegment, parsePattern, type Segment } from "../../src/registries/pattern.ts";
import { fixtures } from "../registries/fixtures.ts";
import { sourceOf } from "../registries/documents.ts";
import { holds } from "./law.ts";
import { parse } from "./reference.ts";

const isMissingOr = (value: unknown, isRight: (value: unknown) => boolean): boolean => value === undefined || isRight(value);
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isTime = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

function checkClaim(key: string | undefined, claim: Claim): void {
  if (!claim.ok) {
    holds(isText(claim.problem) && claim.problem.length < 2000, "what cannot be understood is said in a sentence");
    return;
  }
  const { registration } = claim;
  const { pid, startTicks, sessionId, identity, bootId, host, registeredAt, lastActivityAt, lastHeartbeatAt, endpoint } = registration;
  holds(typeof registration.key === "string", "a registration has a key");
  if (key !== undefined) holds(registration.key === key, "a registration is called as its entry is");
  const isPid = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 1 && (value as number) <= 4_194_304;
  holds(isMissingOr(pid, isPid), `a pid is one: ${pid}`);
  holds(
    isMissingOr(startTicks, (value) => /^\d+$/.test(value as string)),
    `start ticks are digits: ${startTicks}`,
  );
  for (const text of [sessionId, identity, bootId, host]) holds(isMissingOr(text, isText), "a name is text");
  for (const time of [registeredAt, lastActivityAt, lastHeartbeatAt]) holds(isMissingOr(time, isTime), `a time is a number: ${time}`);
  if (endpoint?.kind === "tcp") holds(Number.isInteger(endpoint.port), "a port is a number");
  const identityText = claim.identityText();
  holds(typeof identityText === "string" && identityText === claim.identityText(), "what tells whether it is the same stays the same");
}

function checkMembers(format: MembersFormat & FormatBasics, bytes: Buffer): void {
  const source = sourceOf(bytes);
  const result = findMembers(source, format);
  if (!result.ok || result.container.kind !== format.container) return;
  const { container } = result;
  const keyAt = keyReader(source, container);
  const entries = memberEntries(source, container, keyAt, claimReader(source, container, keyAt, format));
  for (const { key, claim } of entries) checkClaim(format.container === "object" ? key : undefined, claim);
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function checkFile(format: FilesFormat & FormatBasics, name: EntryName, bytes: Buffer): void {
  const content = bytes.toString("utf8");
  const claim = format.claim(name, content);
  checkClaim(name.key, claim);
  const body = parse(Buffer.from(content));
  if (!claim.ok || format.nameIsEnough) return;
  holds(format.body !== "json" || claim.torn || isObject(body?.value), "what is no JSON object claims nothing, or is called torn");
  holds(!claim.torn || name.pid !== undefined, "a torn entry is judged only where its name says the pid");
  holds(!claim.torn || claim.registration.startTicks === undefined, "a torn entry has no start token");
  if (name.pid !== undefined) holds(claim.registration.pid === name.pid, "an entry's pid is the one that its name says");
}

function nameOf({ patterns }: FilesFormat, key: string): EntryName {
  const found = patterns.flatMap((pattern) => matchSegment(parsePattern(pattern).at(-1) as Segment, basename(key)) ?? []);
  return entryName(key, found[0] ?? {});
}

const wordy = jsonFile({
  entries: "",
  pattern: "<pid>-<port>-<sessionId>.json",
  fields: { pid: "/a/pid", startTicks: "start" },
  about: "session",
});
const more = [{ format: wordy, key: "4100001-80-a.json" }, ...builtInFormats.map((format) => ({ format, key: "77.json" }))];

/** Every format reads the same text: its own fixtures bent out of shape, and those of all the others. */
export function checkFormats(bytes: Buffer): void {
  for (const { format, key } of [...fixtures, ...more]) {
    if (format.layout === "members") checkMembers(format, bytes);
    else if (format.layout === "files") checkFile(format, nameOf(format, key), bytes);
  }
}

/** One line a pattern, the rest a name: matching agrees with a regular expression, in bounded time. */
export function checkPattern(bytes: Buffer): void {
  const [pattern = "", ...rest] = bytes.toString("utf8").slice(0, 60).split("\n");
  const name = rest.join("\n");
  if (pattern.includes("/") || pattern === "**") return;
  const found = matchSegment(parsePattern(pattern)[0] as Segment, name);
  const pieces = pattern.split(/(\*|<pid>|<port>|<sessionId>)/).map((part) => {
    if (part === "*") return "[^]*";
    if (part === "<sessionId>") return "[^]+";
    return part === "<pid>" || part === "<port>"
      ? "(?<![0-9])[0-9]{1,10}(?![0-9])"
      : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  });
  // A regular expression may take exponential time, which is why the matcher is none.
  if (pieces.filter((piece) => piece.startsWith("[^]")).length > 3) return;
  holds(new RegExp(`^${pieces.join("")}$`).test(name) === (found !== undefined), "a name fits a pattern as it would a regular expression");
  const { pid, port } = entryName(name, found ?? {});
  for (const number of [pid, port])
    holds(
      isMissingOr(number, (value) => name.includes(String(value))),
      "a number in a name is read whole",
    );
}
