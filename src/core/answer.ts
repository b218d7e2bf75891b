/** Why an entry was kept or condemned. A closed union: these words are part of the JSON output. */
export type Reason =
  | "within-grace"
  | "age-unknown"
  | "clock-stepped"
  | "pid-alive"
  | "own-ancestor"
  | "attached-cli"
  | "writer-lock-held"
  | "inner-pid-alive"
  | "pid-gone"
  | "pid-reused"
  | "pid-zombie"
  | "previous-boot"
  | "host-gone"
  | "no-process"
  | "endpoint-closed"
  | "endpoint-open"
  | "endpoint-unanswered"
  | "process-table-blind"
  | "pid-unseen"
  | "writer-locks-unseen"
  | "foreign-host"
  | "renamed-host"
  | "superseded-by-new-start"
  | "foreign-pid-namespace"
  | "thread-loaded"
  | "thread-not-loaded"
  | "app-server-down"
  | "app-server-unreachable"
  | "app-server-too-young"
  | "ttl-expired"
  | "within-ttl"
  | "malformed-entry"
  | "duplicate-key"
  | "restored";

/**
 * What one rung, or one sign inside a rung, says of an entry. `certain` tells a death that was proven (a holder that
 * is gone, a passed TTL) from one that rests on absence alone and waits for a second look.
 */
export type Answer =
  | { readonly kind: "live"; readonly reason: Reason; readonly detail: string }
  | { readonly kind: "unknown"; readonly reason: Reason; readonly detail: string }
  | { readonly kind: "dead"; readonly reason: Reason; readonly detail: string; readonly certain: boolean }
  | { readonly kind: "not-applicable"; readonly detail: string };

export const live = (reason: Reason, detail: string): Answer => ({ kind: "live", reason, detail });
export const unknown = (reason: Reason, detail: string): Answer => ({ kind: "unknown", reason, detail });
export const provenDead = (reason: Reason, detail: string): Answer => ({ kind: "dead", reason, detail, certain: true });
export const deadByAbsence = (reason: Reason, detail: string): Answer => ({ kind: "dead", reason, detail, certain: false });
export const notApplicable = (detail: string): Answer => ({ kind: "not-applicable", detail });

const order = ["live", "unknown", "dead"] as const;

/**
 * One answer out of several signs: any sign of life, else any sign that could not be looked at, else death, else
 * there was nothing to find. Among equals the first stands.
 */
export function strongest(answers: readonly Answer[]): Answer {
  let found: Answer | undefined;
  let rank: number = order.length;
  let nothing = "";
  for (const answer of answers) {
    if (answer.kind === "not-applicable") {
      if (answer.detail !== "") nothing = nothing === "" ? answer.detail : `${nothing}; ${answer.detail}`;
    } else if (order.indexOf(answer.kind) < rank) {
      found = answer;
      rank = order.indexOf(answer.kind);
    }
  }
  return found ?? notApplicable(nothing);
}
