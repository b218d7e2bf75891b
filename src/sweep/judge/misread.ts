import type { LookingHost } from "../../host/looking-host.ts";
import { bodyOf } from "../../registries/formats/shared/one-file.ts";
import { readMember } from "../../registries/json/json-lines.ts";
import { coverageOf, type FieldCoverage } from "../../registries/coverage.ts";
import { absentFields, misreadOf } from "../../registries/misread.ts";
import { misreadTextOf, type TextClaim } from "../../registries/misread-text.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import { valuesOfRow } from "../load/load-rows.ts";
import { sourceOf } from "../load/load-members.ts";
import { largestValue } from "../load/member-entries.ts";

/** What the entries of a registry say, in their writer's words, made anew each time. A file that was not read says nothing. */
function* valuesOf(loaded: ReadRegistry): Generator<unknown, undefined> {
  if (loaded.kind === "files") {
    for (const { place } of loaded.opened) if (place.kind === "file") yield bodyOf(place.bytes?.toString("utf8"));
    return;
  }
  if (loaded.kind === "rows") {
    for (const row of loaded.rows) yield valuesOfRow(loaded.table, row);
    return;
  }
  const source = sourceOf(loaded.file);
  const { members } = loaded.container;
  for (let index = 0; index < members.length; index += 1) {
    if (members.end(index) - members.valueStart(index) > largestValue) continue;
    const member = readMember(source, loaded.container, index);
    if (member.ok) yield member.value;
  }
}

/** What the names of its files say, where a pattern has a place for it. */
const inNames = ({ target: { format } }: ReadRegistry): readonly string[] =>
  format.layout === "files"
    ? ["pid", "sessionId"].filter((field) => format.patterns.some((pattern) => pattern.includes(`<${field}>`)))
    : [];

/**
 * Why entries that are said to be about threads may be about processes: no app server is configured that could show one, and
 * a pid that one entry alone records runs. A bridge that registers threads stands in all of its entries.
 */
function threadlessReason({ target: { format, appServers }, entries }: ReadRegistry, isLive: (pid: number) => boolean): string | undefined {
  if (format.about !== "thread" || appServers.some(({ configured }) => configured)) return undefined;
  const once = new Map<number, boolean>();
  for (const { claim } of entries) {
    const pid = claim.ok ? claim.registration.pid : undefined;
    if (pid !== undefined) once.set(pid, !once.has(pid));
  }
  const holder = [...once].find(([pid, isOnce]) => isOnce && isLive(pid))?.[0];
  return holder === undefined
    ? undefined
    : `its entries are about threads and no app server is configured, but pid ${holder} of one runs; correct "about", or name "appServers"`;
}

/** What the entries of a registry in plain text or of links say, where the text and no file's name carries the pid. */
function* textClaims({ opened }: Extract<ReadRegistry, { kind: "files" }>): Generator<TextClaim, undefined> {
  for (const { claim, place } of opened)
    if (claim.ok && !claim.torn && place.kind === "file" && place.bytes !== undefined)
      yield { text: place.bytes.toString("utf8"), said: claim.registration };
}

/** Why the entries of a registry cannot mean what its configuration says; undefined where they may. */
export function misreadReason(host: LookingHost, loaded: ReadRegistry): string | undefined {
  const { format } = loaded.target;
  if (format.declaredFields === undefined || loaded.entries.length === 0) return undefined;
  let living: ReadonlySet<number> | undefined;
  const isLive = (pid: number): boolean => (living ??= host.livingPids() ?? new Set()).has(pid);
  if (format.body !== "json") {
    if (loaded.kind !== "files" || inNames(loaded).includes("pid")) return undefined;
    return misreadTextOf(JSON.parse(format.declaredFields) as readonly string[], textClaims(loaded), isLive);
  }
  return misreadOf({ fields: format.fields, inNames: inNames(loaded) }, () => valuesOf(loaded), isLive) ?? threadlessReason(loaded, isLive);
}

/** Members that the configuration of a registry names, and that none of its entries has. */
export function absentMembers(loaded: ReadRegistry): readonly string[] {
  const { format } = loaded.target;
  return format.declaredFields === undefined || loaded.entries.length === 0
    ? []
    : absentFields(format.fields, format.keepWhen ?? {}, valuesOf(loaded));
}

/** How far the fields that the configuration of a registry names fit its entries. */
export function coverageIn(loaded: ReadRegistry): readonly FieldCoverage[] {
  const { format } = loaded.target;
  return format.declaredFields === undefined || loaded.entries.length === 0
    ? []
    : coverageOf(format.fields, format.keepWhen ?? {}, valuesOf(loaded));
}
