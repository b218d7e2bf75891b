import type { Suggestion } from "./specimen.ts";

/** A suggestion, or why there is none. */
export type Suggested = { readonly ok: true; readonly suggestion: Suggestion } | { readonly ok: false; readonly problem: string };

export const none = (problem: string): Suggested => ({ ok: false, problem });

export const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
