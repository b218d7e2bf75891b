import { builtInFormats } from "../../registries/known.ts";
import type { InDirectories } from "../../sweep/load/load.ts";
import type { Env } from "./paths.ts";
import type { JudgingOptions, Settings } from "./settings.ts";
import { placesIn, wellKnownTargets } from "./target-of.ts";
import { isSwept } from "./targets.ts";

/** Says which well-known places are in directories where sessions work; undefined but for a timer, which stands in none of them. */
export function targetsInDirectories(settings: Settings, options: JudgingOptions, env: Env): InDirectories | undefined {
  if (options.timer !== true || options.registry !== undefined) return undefined;
  const places = placesIn(env);
  const formats = builtInFormats.filter((format) => isSwept(settings.wellKnown, format));
  const usual = new Set(formats.flatMap((format) => format.wellKnown({ ...places, cwd: places.home })));
  return (directories) =>
    directories.flatMap((cwd) =>
      formats
        .flatMap((format) => wellKnownTargets(format, undefined, options, { ...places, cwd }))
        .filter(({ path }) => !usual.has(path))
        .map((target) => ({ ...target, seenFromHere: true as const })),
    );
}
