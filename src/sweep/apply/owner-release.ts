import type { Host } from "../../host/host.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import { loadRegistry } from "../load/load.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import { notDone, type Outcome } from "./outcome.ts";

/**
 * Why the owner's command is not run for this entry: it would be given a value that the entry does not have, or one that
 * begins with a dash, which the command would take for an option (a key `--all` emptied a registry).
 */
function unfit(command: readonly string[], values: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const [name, value] of Object.entries(values)) {
    if (!command.includes(name)) continue;
    if (value === undefined || value === "") return `the release command wants ${name}, and the entry records none`;
    if (value.startsWith("-")) return `the release command would take ${name} for an option: it begins with "-"`;
  }
  return undefined;
}

/** Lets the owner release an entry, and believes it only when the entry is gone from the file. */
export async function releaseEntry(host: Host, loaded: ReadRegistry, { entry }: ExaminedEntry): Promise<Outcome> {
  const { release } = loaded.target;
  if (release === undefined || !entry.claim.ok) return notDone("withheld", "its owner is up");
  const { sessionId } = entry.claim.registration;
  const problemOfValues = unfit(release, { "{key}": entry.key, "{sessionId}": sessionId });
  if (problemOfValues !== undefined) return notDone("withheld", `its owner is up, and ${problemOfValues}`);
  const problem = await host.runRelease(release, { "{key}": entry.key, "{sessionId}": sessionId ?? "" });
  if (problem !== undefined) return notDone("failed", `the release command failed: ${problem}`);
  const now = await loadRegistry(host, loaded.target);
  if (now.state !== "read") return notDone("failed", `after the release command the registry ${now.problem}`);
  const there = [...now.entries].find(({ key }) => key === entry.key);
  const newcomer = there?.claim.ok === true && there.claim.registration.sessionId !== entry.claim.registration.sessionId;
  if (there === undefined || newcomer) return { action: "released", tombstone: undefined, note: undefined };
  return notDone("failed", "the release command succeeded, but the entry is still there");
}
