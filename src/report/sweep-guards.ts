import { longBusyMs } from "../core/plan/busy.ts";
import { formatDuration } from "../core/duration.ts";
import type { Cause } from "./guards.ts";
import type { Guard } from "./model/guards.ts";
import type { EntryReport, RegistryReport, SweepReport } from "./model/sweep.ts";
import { type Tally, blindReasons } from "./tally.ts";

const causes = {
  "process-table-blind": "processes-unseen",
  "pid-unseen": "processes-unseen",
  "start-token-unproven": "start-tokens-unproven",
  "foreign-pid-namespace": "processes-unseen",
  "homes-unseen": "homes-unseen",
  "app-server-unreachable": "app-server-unreachable",
  "foreign-network": "foreign-network",
  "tmux-unseen": "tmux-unseen",
} as const satisfies Record<(typeof blindReasons)[number], Cause>;

/** Why entries are kept by doubt, in a sentence, and what ends the doubt. */
export const blindWords = {
  "processes-unseen": { why: "the processes cannot be seen", cure: "let sessreap see every process (man sessreap-units)" },
  "start-tokens-unproven": {
    why: "their start tokens may be none",
    cure: 'let "startTicks" name the member that holds field 22 of /proc/PID/stat, or leave it out',
  },
  "homes-unseen": { why: "a place where agents say what they run cannot be read", cure: "let this user read it, or mend its link" },
  "foreign-network": {
    why: "addresses here may be of another network",
    cure: "let sessreap run in the network of the app servers, such as without PrivateNetwork=",
  },
  "tmux-unseen": { why: "a tmux server could not be asked", cure: "run as the user whose server it is, with tmux installed, or end it" },
  "app-server-unreachable": { why: "an app server gives no answer", cure: "restart it" },
} as const satisfies Record<(typeof causes)[keyof typeof causes], { readonly why: string; readonly cure: string }>;

const faults = {
  missing: "registry-missing",
  unreadable: "registry-unreadable",
  malformed: "registry-malformed",
  failed: "registry-failed",
} as const;

/** What shows best why some registries are blind. */
export function blindness(
  tallies: readonly Tally[],
): { readonly cause: keyof typeof blindWords; readonly count: number; readonly detail: string } | undefined {
  for (const { blind } of tallies) {
    for (const reason of blindReasons) {
      const found = blind.get(reason);
      if (found !== undefined) return { cause: causes[reason], ...found };
    }
  }
  return undefined;
}

/** Whether a ghost of a registry has been busy for so long that a person should know. */
export function isLongBusy<R extends Pick<RegistryReport, "busyForMs">>(registry: R): registry is R & { readonly busyForMs: number } {
  return registry.busyForMs !== undefined && registry.busyForMs >= longBusyMs;
}

/** What is wrong with a registry, apart from what mends it. */
function mended({ state, problem }: RegistryReport): Pick<Guard, "detail" | "cure"> {
  const parts = (problem ?? "").split("; ");
  const cure = parts.length > 1 ? (parts.at(-1) as string) : "sessreap -n -v";
  const detail = parts.length > 1 ? parts.slice(0, -1).join("; ") : (problem ?? "");
  return { detail: state === "missing" || state === "unreadable" ? `it ${detail}` : detail, cure };
}

/** What lets a registry be swept of which the ghosts are only said. */
function reportCure(problem: string): string {
  return problem.includes('"onGhost"')
    ? 'take "onGhost": "report" out of its declaration'
    : 'correct what it says, or its "fields" (sessreap config)';
}

function registryGuard(registry: RegistryReport, tally: Tally | undefined): Guard {
  const { path, state, owner, registrations } = registry;
  const problem = registry.problem ?? "";
  const about = { guard: "registry", name: path } as const;
  if (state === "missing" || state === "unreadable" || state === "malformed" || state === "failed") {
    return { ...about, posture: "blind", cause: faults[state], ...mended(registry) };
  }
  const blind = blindness(tally === undefined ? [] : [tally]);
  if (blind !== undefined) {
    const { cause, count, detail } = blind;
    return { ...about, posture: "blind", cause, detail: `${count} kept by doubt: ${detail}`, cure: blindWords[cause].cure };
  }
  if (owner.unknownUnit !== null) {
    const detail = `no service manager knows ${owner.unknownUnit}, so its owner counts as up and every ghost is withheld`;
    return { ...about, posture: "off", cause: "owner-unit-unknown", detail, cure: 'correct "unit" in its "owner" (sessreap config)' };
  }
  if (isLongBusy(registry)) {
    const detail = `a ghost has been busy for ${formatDuration(registry.busyForMs)}: ${problem}`;
    return {
      ...about,
      posture: "blind",
      cause: "registry-busy",
      detail,
      cure: 'end what uses it, or give its declaration an "owner" (man sessreap-config)',
    };
  }
  if (owner.up) return { ...about, posture: "on", cause: "owner-up", detail: `${problem}; ghosts are reported and withheld`, cure: null };
  if (state === "report-only")
    return { ...about, posture: "dry-run", cause: "registry-report-only", detail: problem, cure: reportCure(problem) };
  const nowhere = registry.absentFields === undefined ? "" : `; no entry has ${registry.absentFields.join(", ")}`;
  const malformed = tally?.blind.get("malformed-entry");
  const kept = malformed === undefined ? "" : `; ${malformed.count} kept until they are mended or removed by hand: ${malformed.detail}`;
  const others =
    registry.passedOver === undefined ? "" : `; ${registry.passedOver} passed over (links, no regular files, or names that are no UTF-8)`;
  const detail = `${registrations} registration${registrations === 1 ? "" : "s"}${nowhere}${kept}${others}`;
  return { ...about, posture: "on", cause: "fine", detail, cure: null };
}

/** The guards that one sweep knows of: its self test, and every registry that is there or that the user named. */
export function sweepGuards({ registries, tallies, refusal }: SweepReport, named: ReadonlySet<string>): readonly Guard[] {
  const selfTestGuard: Guard =
    refusal === null
      ? { guard: "eyes", name: "self-test", posture: "on", cause: "fine", detail: "it sees itself", cure: null }
      : {
          guard: "eyes",
          name: "self-test",
          posture: "blind",
          cause: "self-test-failed",
          detail: refusal,
          cure: '"pidNamespace": "own" in the configuration, where no other container shares these files',
        };
  const guards = registries.flatMap((registry, index) => {
    return registry.state === "missing" && !named.has(registry.path) ? [] : [registryGuard(registry, tallies[index])];
  });
  if (guards.length > 0) return [selfTestGuard, ...guards];
  const detail = `none is there; looked for ${registries.map(({ path }) => path).join(", ") || "nothing"}`;
  return [
    selfTestGuard,
    {
      guard: "registry",
      name: "any",
      posture: "off",
      cause: "no-registry",
      detail,
      cure: "sessreap config suggest PATH, of what a program of yours keeps",
    },
  ];
}

const cures = {
  doubt: "if that host is this one under an older name, end what holds the lock, or remove it by hand",
  off: 'let it be taken over: "healRenamedHost": true in the configuration',
  heal: "sessreap sweep",
} as const;

/**
 * A lock that names another host, on a file system that no other host has, keeps its program from starting for as long as
 * it stays: the program never probes another host's pid. A lock that still beats is held rightly.
 */
export function lockGuards(entries: readonly EntryReport[]): readonly Guard[] {
  return entries.flatMap(({ registry, key, hostLock, action, detail }): readonly Guard[] => {
    if (hostLock === undefined || hostLock === "stays" || action === "healed") return [];
    const cause = hostLock === "doubt" ? "foreign-host" : "renamed-host";
    return [{ guard: "host-lock", name: `${registry}/${key}`, posture: "off", cause, detail, cure: cures[hostLock] }];
  });
}
