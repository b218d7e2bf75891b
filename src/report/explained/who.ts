import { formatDuration } from "../../core/duration.ts";
import type { Verdict } from "../../core/ladder.ts";
import { reasonShort, type Reason } from "../../core/reasons.ts";
import { shortNames } from "../listing/ids.ts";
import { marks } from "../listing/rows.ts";
import type { View } from "../listing/view.ts";
import { table, type Cell, type Column } from "../screen/table.ts";
import { wrap } from "../screen/wrap.ts";
import { visible } from "../visible.ts";

/** One registration of an identity, and its place among them. */
export type Route = {
  /** Its session, or its key where it names none. */
  readonly session: string;
  readonly lastActivityAt: number | undefined;
  readonly lastHeartbeatAt: number | undefined;
  readonly verdict: Verdict;
  readonly reason: Reason;
  /** Why it comes before the next, or after the one before it. */
  readonly why: string;
};

/** From so many cells on there is room for what a table can do without. */
const roomy = 80;

function agoOf(at: number | undefined, nowMs: number): string {
  if (at === undefined) return "never";
  return at > nowMs ? "in the future" : `${formatDuration(nowMs - at)} ago`;
}

/** Who gets an identity's signals: its registrations, the first in line first, and what follows from that. */
export function whoText(identity: string, routes: readonly Route[], nowMs: number, { screen, palette }: View): readonly string[] {
  const isRoomy = (screen.columns ?? roomy) >= roomy;
  const nameOf = shortNames(routes.map(({ session }) => session));
  const columns: readonly Column[] = [
    { head: " ", gap: 1 },
    { head: "SESSION", most: 40, least: 8, cut: "middle", role: "strong" },
    { head: "LAST VERB", role: "faint" },
    ...(isRoomy ? [{ head: "HEARTBEAT", role: "faint" } as const] : []),
    { head: "VERDICT" },
    { head: "WHY THIS PLACE", least: 8, cut: "middle" },
  ];
  const rows = routes.map(({ session, lastActivityAt, lastHeartbeatAt, verdict, reason, why }): readonly Cell[] => [
    { text: marks[verdict].trim(), role: verdict },
    nameOf(session),
    agoOf(lastActivityAt, nowMs),
    ...(isRoomy ? [agoOf(lastHeartbeatAt, nowMs)] : []),
    { text: verdict, role: verdict },
    verdict === "live" ? why : `${why}; ${reasonShort(reason)}`,
  ]);
  const { head, rows: lines } = table(columns, rows, screen, palette);
  const [first] = routes;
  const answer =
    first === undefined
      ? "nobody is registered"
      : `signals go to ${visible(nameOf(first.session))}${first.verdict === "ghost" ? ", a ghost" : ""}`;
  return [head, ...lines.flat(), "", ...wrap([`${visible(identity)}: ${answer}`], { first: 0, hang: 2 }, screen, palette)];
}
