import { builtInFormats } from "../../registries/known.ts";
import { declarationsIn } from "./declarations.ts";
import type { Env } from "./paths.ts";
import type { Settings } from "./settings.ts";
import { placesIn } from "./target-of.ts";
import { isSwept } from "./targets.ts";

/** The formats whose well-known places are not swept, and that nothing describes. */
export function turnedOff(settings: Settings, env: Env): readonly string[] {
  const places = placesIn(env);
  const described = new Set(declarationsIn(settings, {}, places).counting.map(({ target }) => target.format.name));
  const off = builtInFormats.filter((format) => !isSwept(settings.wellKnown, format) && format.wellKnown(places).length > 0);
  return off.map(({ name }) => name).filter((name) => !described.has(name));
}

/** What is said of well-known places that a configuration turns off. */
export function offLines(settings: Settings, env: Env): readonly string[] {
  const off = turnedOff(settings, env);
  return off.length === 0 ? [] : [`not swept at their well-known places ("wellKnown" in ${settings.wellKnown.from}): ${off.join(", ")}`];
}
