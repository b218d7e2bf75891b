import type { LookingHost } from "../../host/looking-host.ts";
import { bodyOf } from "../../registries/formats/shared/one-file.ts";
import { readMember } from "../../registries/json/json-lines.ts";
import { coverageOf, type FieldCoverage } from "../../registries/coverage.ts";
import { absentFields, misreadOf } from "../../registries/misread.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import { sourceOf } from "../load/load-members.ts";
import { largestValue } from "../load/member-entries.ts";

/** What the entries of a registry say, in their writer's words, made anew each time. A file that was not read says nothing. */
function* valuesOf(loaded: ReadRegistry): Generator<unknown, undefined> {
  if (loaded.kind === "files") {
    for (const { place } of loaded.opened) if (place.kind === "file") yield bodyOf(place.bytes?.toString("utf8"));
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

/** Why the entries of a registry cannot mean what its configuration says; undefined where they may. */
export function misreadReason(host: LookingHost, loaded: ReadRegistry): string | undefined {
  const { format } = loaded.target;
  if (format.declaredFields === undefined || format.body !== "json" || loaded.entries.length === 0) return undefined;
  let living: ReadonlySet<number> | undefined;
  const isLive = (pid: number): boolean => (living ??= host.livingPids() ?? new Set()).has(pid);
  return misreadOf({ fields: format.fields, inNames: inNames(loaded) }, () => valuesOf(loaded), isLive);
}

/** Members that the configuration of a registry names, and that none of its entries has. */
export function absentMembers(loaded: ReadRegistry): readonly string[] {
  const { format } = loaded.target;
  return format.declaredFields === undefined || loaded.entries.length === 0 ? [] : absentFields(format.fields, valuesOf(loaded));
}

/** How far the fields that the configuration of a registry names fit its entries. */
export function coverageIn(loaded: ReadRegistry): readonly FieldCoverage[] {
  const { format } = loaded.target;
  return format.declaredFields === undefined || loaded.entries.length === 0 ? [] : coverageOf(format.fields, valuesOf(loaded));
}
