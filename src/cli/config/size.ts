import { Failure } from "../failure.ts";

const units: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** The bytes of a size such as `512M`; `from` is where it was said. */
export function sizeFrom(text: string, from: string): number {
  const [, digits, unit = ""] = /^(\d{1,15})([KMG])?(?:i?B)?$/i.exec(text) ?? [];
  const size = Number(digits) * (units[unit.toUpperCase()] as number);
  if (digits === undefined || size === 0) throw new Failure("usage", `${from}: "${text}" is not a size such as 64K, 512M or 1G`);
  return size;
}
