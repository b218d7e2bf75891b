const isoTime = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})$/;

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 23 || minutes > 59 ? Number.NaN : (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** What `Date.toISOString` writes, with or without its milliseconds, but for the last days of a month: nearly every time in a registry. */
const usualTime = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/;

function parseIso(text: string): number | undefined {
  if (usualTime.test(text)) return Date.parse(text);
  const parts = isoTime.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? "0")) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const midnight = Date.UTC(year, month - 1, day);
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (year < 1000 || !isDay || hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Math.floor(Number(`0.${parts[7] ?? "0"}`) * 1000);
  const at = midnight + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - zoneMs(parts[8] ?? "Z");
  return Number.isNaN(at) ? undefined : at;
}

/**
 * A time as epoch ms. Only full ISO-8601 with a zone and epoch seconds, milliseconds and microseconds are times; anything
 * else (Feb 30, a date without zone, "session 5", nanoseconds, a negative number) is undefined, which is no evidence.
 * No epoch can be mistaken for another: each is taken only between the years 2001 and 2286.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "string") return parseIso(value);
  if (typeof value !== "number") return undefined;
  if (value >= 1e9 && value < 1e10) return Math.floor(value * 1000);
  if (value >= 1e12 && value < 1e13) return Math.floor(value);
  return value >= 1e15 && value < 1e16 ? Math.floor(value / 1000) : undefined;
}
