import { formatDefaults } from "./shared/defaults.ts";
import type { Claim, EntryName, Format, Places } from "../format.ts";
import { claimFromName, pidProblem } from "./shared/one-file.ts";
import { directoryIn } from "./shared/places.ts";

/** Why a file is none of those that Copilot writes: a `.lock` holds the pid of its name, a `.hold` nothing. */
function strangeness(name: EntryName, content: string | undefined): string | undefined {
  const { key, pid } = name;
  if (pid === undefined) return "its name has no pid that is one";
  const said = content?.trim() ?? "";
  if (said === "" || (key.endsWith(".lock") && said === String(pid))) return undefined;
  return /^\d+$/.test(said) && key.endsWith(".lock")
    ? `its name says pid ${pid}, its body says ${said}`
    : "it holds what Copilot does not write there";
}

function roots(places: Places): readonly string[] {
  const home = directoryIn(places, "COPILOT_HOME") ?? `${places.home}/.copilot`;
  const cache =
    directoryIn(places, "COPILOT_PKG_CACHE_HOME") ??
    directoryIn(places, "COPILOT_CACHE_HOME") ??
    `${directoryIn(places, "XDG_CACHE_HOME") ?? `${places.home}/.cache`}/copilot`;
  return [`${home}/session-state`, `${cache}/pkg`];
}

/**
 * The Copilot CLI's `inuse.<pid>.lock`, in the directory of a session and in that of its unpacked package, and beside each
 * since 1.0.102 an empty `inuse.<pid>.hold`, which its process keeps locked. Each is judged by the pid in its own name.
 */
export const copilotInUse: Format = {
  ...formatDefaults,
  name: "copilot-in-use",
  title: "Copilot CLI markers",
  summary: "the Copilot CLI's inuse.<pid>.lock and inuse.<pid>.hold",
  wellKnown: roots,
  about: "process",
  namesHolders: true,
  holderNames: ["copilot", "node"],
  layout: "files",
  patterns: ["<sessionId>/inuse.<pid>.lock", "<sessionId>/inuse.<pid>.hold", "*/*/inuse.<pid>.lock", "*/*/inuse.<pid>.hold"],
  nameIsEnough: true,
  ownDirectory: false,
  claim: (name, content): Claim => {
    const problem = pidProblem(name) ?? strangeness(name, content);
    if (problem !== undefined) return { ok: false, problem };
    // A lock is made before its pid is written.
    return claimFromName(name, content?.trim() === "" && name.key.endsWith(".lock"));
  },
};
