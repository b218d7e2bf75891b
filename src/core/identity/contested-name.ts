import { isSameBoot } from "./tokens.ts";

/** What a server's table of hosts says under this machine's name. Ages are by the server's clock. */
export type HostRow = {
  readonly bootId: string;
  readonly seenAgoMs: number;
  /** How long ago a machine of this name was refused; undefined where none was. */
  readonly contestedAgoMs: number | undefined;
};

/** A name that two machines claim is refused to both for so long, in ms, after the last of them said so. */
export const contestedForMs = 15 * 60_000;

/**
 * Why this machine may not sweep under its name: another boot wrote there while this one was up, or two were found to do so
 * of late. A machine that was started anew is neither, for its boot before has ended.
 */
export function contestedReason(
  row: HostRow,
  here: { readonly bootId: string; readonly upMs: number },
  machine: string,
): string | undefined {
  const { bootId, seenAgoMs, contestedAgoMs } = row;
  const cure = `give each machine a name of its own ("machine")`;
  if (isSameBoot(bootId, here.bootId) !== true && seenAgoMs < here.upMs)
    return `two machines are called "${machine}" on a server: boot ${bootId} swept there while this one, ${here.bootId}, was up; ${cure}`;
  if (contestedAgoMs !== undefined && contestedAgoMs < contestedForMs)
    return `two machines were called "${machine}" on a server less than ${contestedForMs / 60_000} minutes ago; ${cure}`;
  return undefined;
}
