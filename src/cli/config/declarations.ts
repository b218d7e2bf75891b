import { resolve } from "node:path";
import type { Places } from "../../registries/format.ts";
import { registryId, type Target } from "../../sweep/load/target.ts";
import { Failure } from "../failure.ts";
import type { RegistryConfig } from "./schema/registry-schema.ts";
import { placeAt } from "./one-file.ts";
import { expandHome, type Env } from "./paths.ts";
import type { JudgingOptions, Settings } from "./settings.ts";
import { formatOf } from "./shapes.ts";
import { placesIn, serverTargetAt, targetAt, wellKnownTargets } from "./target-of.ts";

/** What the configuration and the files beside it say of registries. */
export type Described = Pick<Settings, "registries" | "dropIns">;

/** One registry as one file declares it. */
export type Declaration = { readonly target: Target; readonly from: string };

/** The declarations that count, one a registry, and those of the same registries that do not. */
export type Declarations = { readonly counting: readonly Declaration[]; readonly overruled: readonly Declaration[] };

function configuredTargets(configs: readonly RegistryConfig[], from: string, options: JudgingOptions, places: Places): readonly Target[] {
  const { env } = places;
  return configs.flatMap((config, index) => {
    const where = `${from}: registries[${index}]`;
    const format = formatOf(config, where);
    if (config.onGhost === "release" && format.releases === undefined)
      throw new Failure(
        "config",
        `${where}.onGhost: "release" needs fields.releasedAt and fields.releaseReason, which say where it is written`,
      );
    if (config.owner !== undefined && Object.keys(config.owner).length === 0)
      throw new Failure("config", `${where}.owner: {} says none of argv, unit, lock and socket, so nothing would show the owner`);
    if (config.url !== undefined) return [serverTargetAt(config.url, config.machine, { format, config, options, env, where })];
    if (config.path !== undefined) {
      const place = placeAt(resolve(expandHome(config.path)), format, where);
      return [targetAt({ path: place.path, named: true }, place.format, config, options, env)];
    }
    const usual = wellKnownTargets(format, config, options, places);
    if (usual.length === 0) throw new Failure("config", `${where}.path: is missing; ${config.format} has no well-known place`);
    return usual;
  });
}

/** Every declaration, the weaker first: those of drop-ins, the system's first, then the user's own configuration. */
export function declarationsIn({ registries, dropIns }: Described, options: JudgingOptions, places: Places): Declarations {
  const all = [...dropIns, registries].flatMap(({ value, from }) =>
    value === undefined ? [] : configuredTargets(value, from, options, places).map((target) => ({ target, from })),
  );
  // The strongest counts, and the last one of a file.
  const counting = [...new Map(all.map((one) => [registryId(one.target), one])).values()];
  return { counting, overruled: all.filter((one) => !counting.includes(one)) };
}

/** The registries that the configuration and the drop-ins beside it describe. */
export function describedTargets(settings: Described, env: Env, places = placesIn(env)): readonly Target[] {
  return declarationsIn(settings, {}, places).counting.map(({ target }) => target);
}
