import type { Env } from "./paths.ts";
import type { Settings } from "./settings.ts";
import { collisionsIn } from "./targets.ts";

/** What is said of registries that are declared more than once. */
export function collisionLines(settings: Settings, env: Env): readonly string[] {
  return collisionsIn(settings, env).map(({ path, format, files }) => {
    const counted = files.at(-1) as string;
    const others = [...new Set(files.slice(0, -1))].filter((file) => file !== counted);
    return others.length === 0
      ? `${counted} declares ${path} (${format}) more than once; its last declaration counts`
      : `${path} (${format}) is declared in ${[...others, counted].join(" and in ")}; the declaration in ${counted} counts`;
  });
}
