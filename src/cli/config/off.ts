import type { Env } from "./paths.ts";
import type { Settings } from "./settings.ts";
import { turnedOff } from "./targets.ts";

/** What is said of well-known places that a configuration turns off. */
export function offLines(settings: Settings, env: Env): readonly string[] {
  const off = turnedOff(settings, env);
  return off.length === 0 ? [] : [`not swept at their well-known places ("wellKnown" in ${settings.wellKnown.from}): ${off.join(", ")}`];
}
