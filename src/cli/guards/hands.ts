import { signalByPidfd } from "../../host/programs/pidfd.ts";
import { swapMethodFor } from "../../host/swap/swap-method.ts";
import { cureOf } from "../../report/run-guards.ts";
import type { Guard } from "../../report/model/guards.ts";
import type { Target } from "../../sweep/load/target.ts";

/** What mends a swap that cannot be made, by what keeps it from being made. */
function swapCure(guarantee: string): string {
  if (guarantee.includes("mount its directory")) return "mount its directory, and not the file alone";
  if (guarantee.includes("install perl")) return "install perl";
  return cureOf(guarantee) ?? "run as root, or where every process may be looked at (man sessreap-units)";
}

/** How each registry that is one file would be swapped, and what that guarantees. */
export function swapGuards(targets: readonly Target[]): readonly Guard[] {
  const paths = new Set(targets.filter(({ format }) => format.layout === "members").map(({ path }) => path));
  return [...paths].flatMap((path): readonly Guard[] => {
    const { method, guarantee } = swapMethodFor(path);
    // Whether a registry can be read and written at all is its own guard's to say.
    if (method === "none") return [];
    if (method === "impossible")
      return [{ guard: "swap", name: path, posture: "off", cause: "swap-impossible", detail: guarantee, cure: swapCure(guarantee) }];
    const about = { guard: "swap", name: path, posture: "on", detail: `${method}: ${guarantee}` } as const;
    if (method === "lease") return [{ ...about, cause: "fine", cure: null }];
    return [{ ...about, cause: "weak-swap", cure: "install perl, or keep the registry on ext4, xfs, btrfs or tmpfs" }];
  });
}

/** How processes would be ended, by `owners --retire` and `exec`. */
export function signalGuards(): readonly Guard[] {
  if (process.platform !== "linux") return [];
  const about = { guard: "signals", name: "retire", posture: "on" } as const;
  const held = signalByPidfd([], []);
  const sure = "pidfd: a signal reaches the very process that was looked at, or none";
  if (held.ok) return [{ ...about, cause: "fine", detail: sure, cure: null }];
  const detail = `a start is read right before each signal, which leaves microseconds; no pidfd: ${held.why}`;
  return [{ ...about, cause: "weak-signals", detail, cure: "install perl, on Linux 5.3 or later" }];
}
