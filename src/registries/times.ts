const isoTime = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})$/;

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 23 || minutes > 59 ? Number.NaN : (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** The number in so many digits from `at` on; below zero when one of them is none. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i += 1) {
    const byte = bytes[i] as number;
    if (!(byte >= 0x30 && byte <= 0x39)) return -1;
    value = value * 10 + (byte - 0x30);
  }
  return value;
}

/** Days from 1970 to a date of the Gregorian calendar, counted in years that begin in March, so that a leap day is their last. */
function daysBefore(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return fromMarch * 365 + Math.floor(fromMarch / 4) - Math.floor(fromMarch / 100) + Math.floor(fromMarch / 400) + dayOfYear - 719_468;
}

const [dash, colon, point, letterT, letterZ] = [0x2d, 0x3a, 0x2e, 0x54, 0x5a];

/**
 * `2026-04-11T06:16:35.895Z` at a place among bytes: what `Date.toISOString` writes, and what nearly every time in a
 * registry looks like. Undefined for any other form, which may be a time all the same.
 */
export function usualTime(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + 4] !== dash || bytes[at + 7] !== dash || bytes[at + 10] !== letterT) return undefined;
  if (bytes[at + 13] !== colon || bytes[at + 16] !== colon || bytes[at + 19] !== point || bytes[at + 23] !== letterZ) return undefined;
  const year = digits(bytes, at, 4);
  const month = digits(bytes, at + 5, 2);
  const day = digits(bytes, at + 8, 2);
  const hour = digits(bytes, at + 11, 2);
  const minute = digits(bytes, at + 14, 2);
  const second = digits(bytes, at + 17, 2);
  const ms = digits(bytes, at + 20, 3);
  // Every month has so many days; the last ones are for the long way.
  const isDay = year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  const isTime = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59 && ms >= 0;
  return isDay && isTime ? (daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + ms : undefined;
}

/** How many characters a time in its usual form has. */
export const usualLength = 24;
const characters = new Uint8Array(usualLength);

function parseUsual(text: string): number | undefined {
  if (text.length !== usualLength) return undefined;
  for (let i = 0; i < usualLength; i += 1) {
    const character = text.charCodeAt(i);
    if (character > letterZ) return undefined;
    characters[i] = character;
  }
  return usualTime(characters, 0);
}

function parseIso(text: string): number | undefined {
  const usual = parseUsual(text);
  if (usual !== undefined) return usual;
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
 * A time as epoch ms. Only full ISO-8601 with a zone, epoch seconds and epoch milliseconds are times; anything else
 * (Feb 30, a date without zone, "session 5", micro- or nanoseconds, a negative number) is undefined, which is no
 * evidence. The two epochs cannot be mistaken for each other: each is taken only between the years 2001 and 2286.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "string") return parseIso(value);
  if (typeof value !== "number") return undefined;
  if (value >= 1e9 && value < 1e10) return Math.floor(value * 1000);
  return value >= 1e12 && value < 1e13 ? Math.floor(value) : undefined;
}
