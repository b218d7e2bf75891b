import { quotePath, unitText, type Line } from "./unit-text.ts";

/** A unit starts, stops and restarts with another, but survives its crash: ghosts come of crashes. */
export function followDropIn(header: string, unit: string): string {
  return unitText(header, [
    {
      name: "Unit",
      lines: [
        ["PartOf", unit],
        ["After", unit],
      ],
    },
    { name: "Install", lines: [["WantedBy", unit]] },
  ]);
}

/** What the system service of one user may write, and the home that is his. */
export function accessDropIn(header: string, writable: readonly string[], hidden: readonly string[]): string {
  const lines: readonly Line[] = [
    ["ReadWritePaths", writable.map(quotePath).join(" ")],
    ...(hidden.length === 0 ? [] : [["InaccessiblePaths", hidden.map(quotePath).join(" ")] as const]),
  ];
  return unitText(header, [{ name: "Service", lines }]);
}
