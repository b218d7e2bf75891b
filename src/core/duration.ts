const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `10m`, `2h`, `7d`, `0` as ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,9})([smhd])$/.exec(text);
  if (parts === null) return text === "0" ? 0 : undefined;
  return Number(parts[1]) * units[parts[2] as keyof typeof units];
}

/** An age or a span as a person says it, in its largest whole unit: `45s`, `12m`, `3h`, `9d`. */
export function formatDuration(ms: number): string {
  if (ms < units.m) return `${Math.max(0, Math.floor(ms / units.s))}s`;
  if (ms < units.h) return `${Math.floor(ms / units.m)}m`;
  if (ms < 2 * units.d) return `${Math.floor(ms / units.h)}h`;
  return `${Math.floor(ms / units.d)}d`;
}
