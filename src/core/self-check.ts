import type { Policy } from "./policy.ts";

/** What a sweep finds out about itself before it trusts what it sees. */
export type SelfTest = {
  readonly pid: number;
  /** Our own pid was found alive with our own start token; or why that could not be told. */
  readonly ownPidSeen: { readonly ok: true } | { readonly ok: false; readonly why: string };
  /** A pid above every possible one was reported as there. */
  readonly impossiblePidSeen: boolean;
};

/** Why a sweep must not believe what it sees, or undefined. */
export function refusal(self: SelfTest, policy: Policy): string | undefined {
  if (!self.ownPidSeen.ok) return `this sweep cannot see itself: ${self.ownPidSeen.why}`;
  if (self.impossiblePidSeen) return "a pid that cannot exist is reported as there";
  if (self.pid === 1 && !policy.ownPidNamespace) {
    return 'this sweep is pid 1 of its own namespace, where every other process looks dead (declare "pidNamespace": "own" if no other shares these files)';
  }
  return undefined;
}

/** So many start tokens must differ, and none match, before the writer rather than the pids is doubted. */
const mismatchLimit = 3;

/** One recorded start token, held against the process that has the pid now. */
export type TokenCheck = { readonly matches: boolean; readonly nameFits: boolean };

/**
 * Every start token of a registry differs although the processes are the kind that the format names: then it is the
 * writer's notion of a start token that changed, and nothing there can be told from a reused pid.
 */
export function startTokensMismatch(checks: readonly TokenCheck[]): boolean {
  return !checks.some(({ matches }) => matches) && checks.filter(({ matches, nameFits }) => !matches && nameFits).length >= mismatchLimit;
}
