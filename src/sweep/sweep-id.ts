/** `20261120T150000Z-3f2a91c07b`: sorts by time and names one sweep for ever. `startedAt` is ISO-8601 in UTC. */
export function sweepIdAt(startedAt: string, suffix: string): string {
  const seconds = startedAt.slice(0, startedAt.lastIndexOf("."));
  return `${seconds.replaceAll("-", "").replaceAll(":", "")}Z-${suffix}`;
}
