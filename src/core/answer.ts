import type { Reason } from "./reasons.ts";

/**
 * What is said of an entry: a sentence, how to make it, or what several signs say. Most of it is never read, so the
 * words are put together when they are.
 */
export type Message = string | (() => string) | readonly { readonly detail: Message }[];

export function formatMessage(message: Message): string {
  if (typeof message === "string") return message;
  if (typeof message === "function") return message();
  return message
    .map(({ detail }) => formatMessage(detail))
    .filter((one) => one !== "")
    .join("; ");
}

/**
 * What one rung, or one sign inside a rung, says of an entry. `certain` tells a death that was proven (a holder that
 * is gone, a passed TTL) from one that rests on absence alone and waits for a second look.
 */
export type Answer =
  | { readonly kind: "live"; readonly reason: Reason; readonly detail: Message }
  | { readonly kind: "unknown"; readonly reason: Reason; readonly detail: Message }
  | { readonly kind: "dead"; readonly reason: Reason; readonly detail: Message; readonly certain: boolean }
  | { readonly kind: "not-applicable"; readonly detail: Message };

export const live = (reason: Reason, detail: Message): Answer => ({ kind: "live", reason, detail });
export const unknown = (reason: Reason, detail: Message): Extract<Answer, { kind: "unknown" }> => ({ kind: "unknown", reason, detail });
export const provenDead = (reason: Reason, detail: Message): Answer => ({ kind: "dead", reason, detail, certain: true });
export const deadByAbsence = (reason: Reason, detail: Message): Answer => ({ kind: "dead", reason, detail, certain: false });
export const notApplicable = (detail: Message): Answer => ({ kind: "not-applicable", detail });

/** The answer of a sign that does not apply. One shared value, because most entries get it. */
export const noSign = notApplicable("");

const ranks = { live: 0, unknown: 1, dead: 2, "not-applicable": 3 } as const satisfies Record<Answer["kind"], number>;

/** Life goes before doubt, doubt before death, and death before nothing. */
export function outranks(one: Answer, other: Answer): boolean {
  return ranks[one.kind] < ranks[other.kind];
}

/**
 * One answer out of two signs: any sign of life, else any sign that could not be looked at, else death, else there was
 * nothing to find. Between equals the first stands.
 */
export function stronger(first: Answer, second: Answer): Answer {
  if (second === noSign) return first;
  if (outranks(second, first)) return second;
  if (first === noSign) return second;
  return first.kind === "not-applicable" ? notApplicable([first, second]) : first;
}
