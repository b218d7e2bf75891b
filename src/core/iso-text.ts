const padded = (value: number, digits: number): string => String(value).padStart(digits, "0");

/**
 * What `toISOString` writes: `2026-11-20T15:00:00.000Z`. That asks for the time zone first, which it has no use for, and
 * which is a hundredth of a bare start.
 */
export function isoText(ms: number): string {
  const at = new Date(ms);
  const year = at.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return at.toISOString();
  const day = `${padded(year, 4)}-${padded(at.getUTCMonth() + 1, 2)}-${padded(at.getUTCDate(), 2)}`;
  const second = `${padded(at.getUTCHours(), 2)}:${padded(at.getUTCMinutes(), 2)}:${padded(at.getUTCSeconds(), 2)}`;
  return `${day}T${second}.${padded(at.getUTCMilliseconds(), 3)}Z`;
}
