import type { Host } from "../../host/host.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import { loadRegistry } from "../load/load.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import { notDone, type Outcome } from "./outcome.ts";

/** Lets the owner release an entry, and believes it only when the entry is gone from the file. */
export async function releaseEntry(host: Host, loaded: ReadRegistry, { entry }: ExaminedEntry): Promise<Outcome> {
  const { release } = loaded.target;
  if (release === undefined || !entry.claim.ok) return notDone("withheld", "its owner is up");
  const sessionId = entry.claim.registration.sessionId ?? "";
  const problem = await host.runRelease(release, { "{key}": entry.key, "{sessionId}": sessionId });
  if (problem !== undefined) return notDone("failed", `the release command failed: ${problem}`);
  const now = await loadRegistry(host, loaded.target);
  if (now.state !== "read") return notDone("failed", `after the release command the registry ${now.problem}`);
  const there = [...now.entries].find(({ key }) => key === entry.key);
  const newcomer = there?.claim.ok === true && there.claim.registration.sessionId !== entry.claim.registration.sessionId;
  if (there === undefined || newcomer) return { action: "released", tombstone: undefined, note: undefined };
  return notDone("failed", "the release command succeeded, but the entry is still there");
}
