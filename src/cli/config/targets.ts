import { existsSync } from "node:fs";
import type { Tombstone } from "../../core/tombstone.ts";
import { largestFile } from "../../host/files/files.ts";
import { hangs } from "../../host/files/held-directory.ts";
import { agentHomes } from "../../host/processes/config-directories.ts";
import type { Format, Places } from "../../registries/format.ts";
import { builtInFormat, builtInFormats, formatNames } from "../../registries/known.ts";
import { isServerUrl } from "../../registries/rows/server-address.ts";
import { registryId, type Target } from "../../sweep/load/target.ts";
import { Failure } from "../failure.ts";
import { didYouMean, nearest } from "../suggest.ts";
import { collisionLines } from "./collisions.ts";
import { declarationsIn, describedTargets } from "./declarations.ts";
import { placeAt } from "./one-file.ts";
import { wholePath, type Env } from "./paths.ts";
import type { JudgingOptions, Settings } from "./settings.ts";
import { shapedFormat } from "./shapes.ts";
import { placesIn, serversAt, targetAt, wellKnownTargets } from "./target-of.ts";

/** A path names a registry, or the only file of one. */
function isAt({ path, format }: Target, named: string): boolean {
  return path === named || (format.layout === "files" && format.patterns.some((pattern) => `${path}/${pattern}` === named));
}

type Spec = { readonly format: string; readonly path: string | undefined; readonly isBare: boolean };

/** `FORMAT:PATH`, `FORMAT`, or a path; `./` forces a path. */
function parseSpec(text: string): Spec {
  if (text === "") throw new Failure("usage", '--registry: "" names nothing');
  if (formatNames.includes(text)) return { format: text, path: undefined, isBare: false };
  const prefix = text.includes(":") ? /^([a-z][a-z-]*):(.+)$/.exec(text) : null;
  if (prefix === null) return { format: "llmmsg-bridge", path: text, isBare: true };
  const [format, path] = [prefix[1] as string, prefix[2] as string];
  if (formatNames.includes(format)) return { format, path, isBare: false };
  throw new Failure(
    "usage",
    `--registry: "${format}" is no format${didYouMean(format, formatNames)} (known: ${formatNames.join(", ")}; ./${text} is a path)`,
  );
}

/** A registry that the configuration describes is taken as it is described there, however it is named. */
function namedTargets(text: string, configured: readonly Target[], options: JudgingOptions, places: Places): readonly Target[] {
  const { env } = places;
  const address = text.replace(/^postgres-table:/, "");
  if (isServerUrl(address)) return serversAt(address, configured);
  const spec = parseSpec(text);
  const path = spec.path === undefined ? undefined : wholePath(spec.path);
  const described = configured.filter((target) => {
    return (path === undefined || isAt(target, path)) && (spec.isBare || target.format.name === spec.format);
  });
  if (described.length > 0) return described;
  if (spec.isBare && !text.includes("/") && path !== undefined && !hangs(path) && !existsSync(path)) {
    const near = nearest(text, formatNames);
    const below = near === undefined ? "name one that is yet to come by its whole path" : `did you mean the format ${near}?`;
    throw new Failure("usage", `--registry: "${text}" is neither a file nor a format`, below);
  }
  const format = builtInFormat(spec.format);
  if (format === undefined) {
    throw new Failure(
      "usage",
      `--registry: ${spec.format} needs to be described in a configuration (\`fields\` says which members carry what)`,
    );
  }
  if (path !== undefined) {
    const place = placeAt(path, format, undefined);
    return [targetAt({ path: place.path, named: true }, place.format, undefined, options, env)];
  }
  return wellKnownTargets(format, undefined, options, places);
}

/** Whether a format's well-known places are swept. */
export function isSwept({ value }: Settings["wellKnown"], { name }: Format): boolean {
  return typeof value === "boolean" ? value : value.includes(name);
}

/** The registries of a run. */
export type Registries = {
  /** Those named by flags, else those that are described, and beside them the well-known places. */
  readonly targets: readonly Target[];
  /** All that may speak for a session or an entry, also where options narrow what is judged. */
  readonly witnesses: readonly Target[];
  /** What is said of registries that are declared more than once. */
  readonly collisions: readonly string[];
};

export function resolveRegistries(settings: Settings, options: JudgingOptions, env: Env): Registries {
  const here = placesIn(env, agentHomes);
  // A unit's current directory is where its manager starts it: no session works there.
  const places = options.timer === true ? { ...here, cwd: here.home } : here;
  const declarations = declarationsIn(settings, options, places);
  // Where no other time is said, a silent machine's rows have as long as what nothing can tell of.
  const withHeartbeatTtl = (target: Target): Target =>
    target.server === undefined ? target : { ...target, server: { heartbeatTtlMs: settings.ttl.value, ...target.server } };
  const described = declarations.counting.map(({ target }) => withHeartbeatTtl(target));
  const overruled = declarations.overruled.map(({ target }): Target => ({ ...target, overruled: true }));
  const isDescribed = ({ format, path }: Target): boolean => described.some((one) => one.format.name === format.name && one.path === path);
  // Which homes living processes use is asked of all their environments: for what is judged only, and for the rest right before
  // an entry goes.
  const withoutOthersHomes = placesIn(env);
  const usual = builtInFormats.flatMap((format) => {
    const isJudged = options.registry === undefined && isSwept(settings.wellKnown, format);
    return wellKnownTargets(format, undefined, options, isJudged ? places : { ...withoutOthersHomes, cwd: places.cwd });
  });
  const wellKnown = usual.filter((target) => isSwept(settings.wellKnown, target.format) && !isDescribed(target));
  const chosen = options.registry?.flatMap((text) => namedTargets(text, described, options, places)) ?? [...described, ...wellKnown];
  const byPlace = new Map(chosen.map((target) => [registryId(target), target]));
  return {
    targets: [...byPlace.values()],
    witnesses: [...usual, ...overruled, ...described],
    collisions: collisionLines(declarations, wellKnown),
  };
}

/** Which part of a file a format looks at, where one file can have several. */
function partOf(format: Format): string | undefined {
  if (format.layout === "members") return format.entries;
  return format.layout === "rows" ? format.table : undefined;
}

/** The registry that a tombstone came from: as the configuration describes it, or as its format alone does. */
export function restoreTarget(settings: Settings, { format, registry, kept }: Tombstone, env: Env): Target {
  const described = describedTargets(settings, env).find((target) => {
    const isWithin = partOf(target.format) === (kept.layout === "members" ? kept.entries : kept.layout === "rows" ? kept.table : undefined);
    return target.format.name === format && target.path === registry && isWithin;
  });
  // What a sweep with another limit has cut is put back without asking for that again.
  if (described !== undefined) return { ...described, maxSize: largestFile };
  const entries = kept.layout === "members" ? kept.entries : "";
  const table = kept.layout === "rows" ? kept.table : "";
  const shape = builtInFormat(format) ?? shapedFormat(format, { entries, table, pattern: "", fields: {}, about: "session" });
  if (kept.layout === "rows" && isServerUrl(registry))
    throw new Failure("usage", `${registry}: its table ${table} is in no configuration any more, so it cannot be put back there`);
  if (shape === undefined) throw new Failure("usage", `this version knows no format "${format}", which the tombstone of ${registry} names`);
  return { ...targetAt({ path: registry, named: true }, shape, undefined, {}, env), maxSize: largestFile };
}
