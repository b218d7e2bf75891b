const isoTime = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})$/;

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 23 || minutes > 59 ? Number.NaN : (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Days from 1970 to a date of the Gregorian calendar, counted in years that begin in March, so that a leap day is their last. */
function daysBefore(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return fromMarch * 365 + Math.floor(fromMarch / 4) - Math.floor(fromMarch / 100) + Math.floor(fromMarch / 400) + dayOfYear - 719_468;
}

/** How many characters a time in its usual form has. */
export const usualLength = 24;

/** What stands where in it; a nought for any digit. */
const usualForm = Uint8Array.from("0000-00-00T00:00:00.000Z", (letter) => letter.charCodeAt(0));
const [zero, nine, letterZ] = [0x30, 0x39, 0x5a];

/** Year, month, day, hour, minute, second and thousandths of the time that is being read. One for all: nobody reads two at once. */
const fields = new Int32Array(8);

/**
 * `2026-04-11T06:16:35.895Z` at a place among bytes: what `Date.toISOString` writes, and what nearly every time in a
 * registry looks like. Undefined for any other form, which may be a time all the same.
 */
export function usualTime(bytes: Uint8Array, at: number): number | undefined {
  let [field, value] = [0, 0];
  for (let i = 0; i < usualLength; i += 1) {
    const byte = bytes[at + i] as number;
    const form = usualForm[i];
    if (form === zero) {
      if (!(byte >= zero && byte <= nine)) return undefined;
      value = value * 10 + (byte - zero);
    } else {
      if (byte !== form) return undefined;
      fields[field] = value;
      field += 1;
      value = 0;
    }
  }
  return msOf(fields);
}

/** Every month has 28 days; what may be one of the last is for the long way, and so are years of less than four digits. */
function msOf(usual: Int32Array): number | undefined {
  const year = usual[0] as number;
  const month = usual[1] as number;
  const day = usual[2] as number;
  const hour = usual[3] as number;
  const minute = usual[4] as number;
  const second = usual[5] as number;
  if (year < 1000 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59) return undefined;
  return (daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + (usual[6] as number);
}

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
