import type { Guard } from "./model/guards.ts";

/** How a guard stands. The order is that of concern: the first is the worst. */
export const postures = ["off-runtime-divergent", "off", "blind", "stale", "dry-run", "on"] as const;

export type Posture = (typeof postures)[number];

/** Why it stands so. These words are part of the JSON output. */
export const causes = [
  "fine",
  "no-manager",
  "not-installed",
  "masked",
  "bad-setting",
  "disabled",
  "not-started",
  "not-enabled",
  "never-fires",
  "hung",
  "failing",
  "timed-out",
  "killed",
  "binary-gone",
  "passing-place",
  "sandbox",
  "skipped-by-condition",
  "needs-reload",
  "linger-off",
  "two-timers",
  "never-succeeded",
  "last-success-too-old",
  "interrupted",
  "lock-held",
  "stuck",
  "state-untrusted",
  "state-unwritable",
  "self-test-failed",
  "no-registry",
  "registry-missing",
  "registry-unreadable",
  "registry-malformed",
  "registry-failed",
  "registry-report-only",
  "registry-busy",
  "owner-up",
  "owner-unit-unknown",
  "processes-unseen",
  "start-tokens-unproven",
  "homes-unseen",
  "foreign-network",
  "tmux-unseen",
  "app-server-unreachable",
  "app-server-down",
  "weak-swap",
  "swap-impossible",
  "weak-signals",
  "renamed-host",
  "foreign-host",
  "no-room",
  "environment-differs",
] as const;

export type Cause = (typeof causes)[number];

export const guardKinds = [
  "timer",
  "service",
  "last-run",
  "run-lock",
  "state",
  "eyes",
  "registry",
  "app-server",
  "swap",
  "signals",
  "host-lock",
  "tombstones",
  "environment",
] as const;

export function worstPosture(guards: readonly Guard[]): Posture {
  return postures.find((posture) => guards.some((guard) => guard.posture === posture)) ?? "off";
}

/** Whether the operator should do something. A guard can be on today and gone after the next logout. */
export function isConcern({ posture, cure }: Guard): boolean {
  return posture !== "on" || cure !== null;
}
