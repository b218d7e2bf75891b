import { compareStart, isOrphan, type ProcessTree } from "../agents/process-tree.ts";
import { firstOf, linesAbove, type Group } from "./agent-groups.ts";
import type { OwnershipSigns } from "./ownership-signs.ts";

/** How a background child hangs on its harness: below it, or left behind in its kernel session. */
export type Tie = "parent" | "kernel-session";

/** An agent of a harness that runs no session of its own, and why no name was found for its harness. */
export type Placed = {
  readonly children: ReadonlyMap<Group, readonly { readonly group: Group; readonly via: Tie }[]>;
  readonly unattributed: readonly { readonly group: Group; readonly why: string }[];
};

/** Does it show a session as its own? The file of a thread that is registered nowhere is a background child's, too. */
function ownsSession({ sessions }: Group, registered: OwnershipSigns["registered"]): boolean {
  return [...sessions].some(
    ([session, { signs }]) => signs.has("argv") || signs.has("registration") || (signs.has("open-file") && registered.has(session)),
  );
}

/** The nearest harness above a group; a background child's own child belongs to the same one. */
export function harnessAbove(group: Group, registered: OwnershipSigns["registered"]): Group | undefined {
  return linesAbove(group).find((above) => above.sessions.size > 0 && !isBackground(above, registered));
}

/** An agent that shows no session of its own and was started by one that runs some. */
export function isBackground(group: Group, registered: OwnershipSigns["registered"]): boolean {
  return !ownsSession(group, registered) && harnessAbove(group, registered) !== undefined;
}

/** The harnesses that can have left an orphan in its kernel session: those that were there before it. */
function leftBy(tree: ProcessTree, group: Group, harnesses: Iterable<Group>): readonly Group[] {
  const first = firstOf(group);
  if (!isOrphan(tree, first)) return [];
  return [...harnesses].filter((harness) => {
    const shares = harness.members.some(({ kernelSession }) => kernelSession === first.kernelSession);
    return harness !== group && shares && compareStart(firstOf(harness), first) <= 0;
  });
}

/** An orphan that is known only by an open file of its own thread is what one harness of its kernel session has left behind. */
export function isLeftBehind({ tree, registered }: OwnershipSigns, group: Group, holding: readonly Group[]): boolean {
  if (ownsSession(group, registered)) return false;
  const named = holding.filter((harness) => ownsSession(harness, registered));
  return leftBy(tree, group, named).length === 1;
}

/** Puts every agent without a session of its own under the harness that left it, where that can be told. */
export function placeChildren({ tree, registered }: OwnershipSigns, all: readonly Group[], harnesses: ReadonlySet<Group>): Placed {
  const children = new Map<Group, { readonly group: Group; readonly via: Tie }[]>();
  const unattributed: Placed["unattributed"][number][] = [];
  const place = (harness: Group, group: Group, via: Tie): void =>
    void children.set(harness, [...(children.get(harness) ?? []), { group, via }]);
  for (const group of all) {
    if (harnesses.has(group)) continue;
    const above = harnessAbove(group, registered);
    if (above !== undefined) {
      place(above, group, "parent");
      continue;
    }
    const [only, second] = leftBy(tree, group, harnesses);
    if (only !== undefined && second === undefined) place(only, group, "kernel-session");
    else unattributed.push({ group, why: second === undefined ? "it names no session" : "more than one harness may have left it behind" });
  }
  return { children, unattributed };
}
