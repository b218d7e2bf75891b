import { memberKey } from "./registries/json/json-bytes.ts";
import { findMembers, readMember } from "./registries/json/json-lines.ts";
import type { Claim, MembersFormat } from "./registries/format.ts";

/**
 * What other programs may import: the ladder and the formats. All of it is pure; what was seen of the world is handed
 * in, and nothing here looks, writes or reaps.
 */
export { defaultPolicy, type Policy } from "./core/policy.ts";
export { soughtId } from "./core/agents/mentions/sought.ts";
export { seen, unseen, type Evidence, type Mention, type Mentions, type Observed } from "./core/evidence.ts";
export { judge, ladder, trace, type Judgement, type Verdict } from "./core/ladder.ts";
export { formatMessage } from "./core/answer.ts";
export { nothingClaimed, type Registration } from "./core/registration.ts";
export { parseDuration } from "./core/duration.ts";
export { builtInFormat, builtInFormats, declaredFormats } from "./registries/known.ts";
export type { Answer, Message } from "./core/answer.ts";
export type { Reason } from "./core/reasons.ts";
export type { EntryMemory } from "./core/memory/memory.ts";
export type { RegistryFacts, Scene } from "./core/scene.ts";
export type { Claim, EntryName, Format, FilesFormat, MembersFormat } from "./registries/format.ts";

/** What each entry of a registry says, or why its text cannot be understood. */
export type Read =
  | { readonly ok: true; readonly claims: readonly { readonly key: string; readonly claim: Claim }[] }
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/** Reads the bytes of one JSON file with many entries; a key that occurs twice is there twice. */
export function readMembers(format: MembersFormat, bytes: Uint8Array): Read {
  // Decoded piece by piece, and what looks like a byte order mark in the middle of a text is part of it.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const source = { bytes, text: (start: number, end: number) => decoder.decode(bytes.subarray(start, end)) };
  const result = findMembers(source, format);
  if (!result.ok) return { ok: false, problem: result.problem, offset: result.offset };
  const { container } = result;
  if (container.kind !== format.container) {
    return { ok: false, problem: `it holds an ${container.kind}, not an ${format.container}`, offset: 0 };
  }
  const claims = Array.from({ length: container.members.length }, (_, index) => {
    const key = memberKey(source, container, index);
    const member = readMember(source, container, index);
    return { key, claim: member.ok ? format.claim(key, member.value) : member };
  });
  return { ok: true, claims };
}
