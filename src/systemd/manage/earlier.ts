import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRegularText } from "../../host/files/files.ts";
import type { LayoutChoice } from "./layout.ts";
import { unitNames, type Scope } from "./manager.ts";
import { ownFileState } from "./own-file.ts";

/** What an earlier installation chose; it stays until the user takes it back. */
export type EarlierChoice = Pick<LayoutChoice, "follow" | "watch">;

/** The template of a watch serves every user: the drop-in of the instance, or its link, tells whose it is. */
function hasWatch(scope: Scope, directory: string): boolean {
  const { watch } = unitNames(scope);
  if (scope.kind === "user") return ownFileState(join(directory, watch)) === "ours";
  return (
    existsSync(join(directory, "multi-user.target.wants", watch)) || ownFileState(join(directory, `${watch}.d`, "access.conf")) === "ours"
  );
}

export function earlierChoice(scope: Scope, directory: string): EarlierChoice {
  const dropIn = join(directory, `${unitNames(scope).timer}.d`, "follow.conf");
  const follow = ownFileState(dropIn) === "ours" ? /^PartOf=(.+)$/m.exec(readRegularText(dropIn))?.[1] : undefined;
  return { follow, watch: hasWatch(scope, directory) };
}
