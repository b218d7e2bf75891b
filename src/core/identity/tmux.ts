import type { TmuxPane } from "../evidence.ts";
import type { Registration } from "../registration.ts";

export type TmuxClaim = Pick<Registration, "tmuxSession" | "tmuxPane" | "tmuxSocket">;

/** Whether an entry names a place in tmux. A socket alone is none. */
export function namesTmux({ tmuxSession, tmuxPane }: TmuxClaim): boolean {
  return tmuxSession !== undefined || tmuxPane !== undefined;
}

/** What is looked up for the entries of one registry that name one socket, or none. */
export function tmuxKey(registryId: string, { tmuxSocket }: TmuxClaim): string {
  return `${registryId}\0${tmuxSocket ?? ""}`;
}

/** A name as tmux keeps it: it puts a low line in the place of what ends a name in a target. */
const asKept = (name: string): string => name.replaceAll(/[:.]/g, "_");

/** Names are compared whole and by us: tmux itself takes a beginning, and a pattern, for a name. */
function isSession({ session, sessionId }: TmuxPane, wanted: string): boolean {
  const name = wanted.replace(/^=/, "");
  const [ofTarget] = name.split(":");
  return [name, asKept(name), ofTarget].some((one) => one === session || one === sessionId);
}

/** Every spelling under which one pane can be recorded. */
function spellingsOf({ session, sessionId, window, index, pane, tty }: TmuxPane, isNamed: boolean): readonly string[] {
  const place = `${window}.${index}`;
  return [pane, tty, `${session}:${place}`, `${sessionId}:${place}`, ...(isNamed ? [place, `:${place}`, index] : [])];
}

/** The panes that an entry names: its pane, or all of its session. */
export function panesNamed({ tmuxSession, tmuxPane }: TmuxClaim, panes: readonly TmuxPane[]): readonly TmuxPane[] {
  const isNamed = (one: TmuxPane): boolean => tmuxSession !== undefined && isSession(one, tmuxSession);
  return panes.filter((one) => (tmuxPane === undefined ? isNamed(one) : spellingsOf(one, isNamed(one)).includes(tmuxPane)));
}

/**
 * Whether what an entry names is among the panes of a server. A pane's number is never given again, so one that is missing
 * has gone; of another spelling that can be told only where its session is missing, too.
 */
export function findInTmux(claim: TmuxClaim, panes: readonly TmuxPane[]): "there" | "gone" | "unclear" {
  if (panesNamed(claim, panes).length > 0) return "there";
  const { tmuxSession, tmuxPane } = claim;
  if (tmuxPane === undefined || /^%\d+$/.test(tmuxPane)) return "gone";
  const session = tmuxPane.indexOf(":") > 0 ? tmuxPane : tmuxSession;
  return session === undefined || panes.some((one) => isSession(one, session)) ? "unclear" : "gone";
}
