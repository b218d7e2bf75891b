import { agentHomes, noHomes, type AgentHomes } from "../../host/processes/config-directories.ts";
import { currentDirectory, ownHome } from "../../host/files/homes.ts";
import { join, resolve } from "node:path";
import { isServerAddress } from "../../core/app-servers.ts";
import type { Format, OwnerSigns, Places } from "../../registries/format.ts";
import { builtInFormat, builtInFormats, formatNames, holderFormats } from "../../registries/known.ts";
import { largestFile } from "../../host/files/files.ts";
import { sha256 } from "../../host/files/digest.ts";
import type { Tombstone } from "../../core/tombstone.ts";
import { registryId, type ServerTarget, type Target } from "../../sweep/load/target.ts";
import type { RegistryConfig } from "./config-schema.ts";
import { Failure } from "../failure.ts";
import { placeAt } from "./one-file.ts";
import { sizeFrom } from "./size.ts";
import { codexHome, expandHome, type Env } from "./paths.ts";
import type { JudgingOptions, Settings } from "./settings.ts";
import { formatOf, shapedFormat } from "./shapes.ts";
import { didYouMean } from "../suggest.ts";

function placesIn(env: Env, find: (home: string, uid: number) => AgentHomes = () => noHomes): Places {
  const [home, uid] = [ownHome(), process.getuid?.() ?? 0];
  let found: AgentHomes | undefined;
  return { home, cwd: currentDirectory(), uid, env, sha256, furtherHomes: (agent) => (found ??= find(home, uid))[agent] };
}

function connectTo(url: string, env: Env): string {
  if (!url.startsWith("unix://")) return url;
  const path = url.slice("unix://".length);
  return `ws+unix:${path === "" ? join(codexHome(env), "app-server-control", "app-server-control.sock") : path}:/`;
}

function configuredServer(url: string, env: Env): ServerTarget {
  return { url, configured: true, connectTo: connectTo(url, env) };
}

/** The flag and the environment speak for every registry whose sessions can be threads, the configuration for its own. */
function serversFor(format: Format, config: RegistryConfig | undefined, options: JudgingOptions, env: Env): readonly ServerTarget[] {
  if (!format.codexThreads) return [];
  const variable = env["SESSREAP_APP_SERVER"] ?? "";
  const given = options.appServer ?? (variable === "" ? undefined : [variable]);
  for (const url of given ?? []) {
    if (!isServerAddress(url)) {
      throw new Failure(
        "usage",
        `${options.appServer === undefined ? "SESSREAP_APP_SERVER" : "--app-server"}: "${url}" is not a loopback address such as ws://127.0.0.1:8788, nor unix:// with an absolute path`,
      );
    }
  }
  const configured = given ?? config?.appServers;
  if (configured !== undefined) return configured.map((url) => configuredServer(url, env));
  const tried = format.triedServers(placesIn(env));
  return tried.filter((url) => isServerAddress(url)).map((url) => ({ url, configured: false, connectTo: connectTo(url, env) }));
}

function targetAt(
  { path, named }: Pick<Target, "path" | "named">,
  format: Format,
  config: RegistryConfig | undefined,
  options: JudgingOptions,
  env: Env,
): Target {
  return {
    format,
    path,
    named,
    appServers: serversFor(format, config, options, env),
    owner: ownerOf(format, config, path, env),
    release: config?.release,
    ...(config?.onGhost !== undefined && { onGhost: config.onGhost }),
    ...(config?.shared !== undefined && { shared: config.shared }),
    ...(options.maxSize !== undefined && { maxSize: sizeFrom(options.maxSize, "--max-size") }),
  };
}

/** The configuration's word on the owner replaces the format's own. */
function ownerOf(format: Format, config: RegistryConfig | undefined, path: string, env: Env): OwnerSigns | undefined {
  if (config?.owner === undefined) return format.owner?.(placesIn(env), path);
  const { lock, socket } = config.owner;
  return {
    ...config.owner,
    ...(lock !== undefined && { lock: expandHome(lock) }),
    ...(socket !== undefined && { socket: expandHome(socket) }),
  };
}

const isBelow = (path: string, directory: string): boolean => path.startsWith(directory.replace(/\/*$/, "/"));

/** Outside the home it depends on the current directory, or lies where every user may make directories. */
function isSeenFromHere(path: string, format: Format, places: Places): boolean {
  if (isBelow(path, places.home)) return false;
  const temporary = ["/tmp", "/var/tmp", places.env["TMPDIR"] ?? "/tmp"];
  return temporary.some((directory) => isBelow(path, directory)) || !format.wellKnown({ ...places, cwd: places.home }).includes(path);
}

function wellKnownTargets(format: Format, config: RegistryConfig | undefined, options: JudgingOptions, places: Places): readonly Target[] {
  const { env } = places;
  return format.wellKnown(places).map((path) => {
    const target = targetAt({ path, named: false }, format, config, options, env);
    return isSeenFromHere(path, format, places) ? { ...target, seenFromHere: true } : target;
  });
}

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
    if (config.path !== undefined) {
      const place = placeAt(resolve(expandHome(config.path)), format, where);
      return [targetAt({ path: place.path, named: true }, place.format, config, options, env)];
    }
    const usual = wellKnownTargets(format, config, options, places);
    if (usual.length === 0) throw new Failure("config", `${where}.path: is missing; ${config.format} has no well-known place`);
    return usual;
  });
}

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
  const spec = parseSpec(text);
  const path = spec.path === undefined ? undefined : resolve(expandHome(spec.path));
  const described = configured.filter((target) => {
    return (path === undefined || isAt(target, path)) && (spec.isBare || target.format.name === spec.format);
  });
  if (described.length > 0) return described;
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

type Described = Pick<Settings, "registries" | "dropIns">;

type Declaration = { readonly target: Target; readonly from: string };

/** Every declaration, the weaker first: those of drop-ins, the system's first, then the user's own configuration. */
function declarationsIn({ registries, dropIns }: Described, options: JudgingOptions, places: Places): readonly Declaration[] {
  return [...dropIns, registries].flatMap(({ value, from }) =>
    value === undefined ? [] : configuredTargets(value, from, options, places).map((target) => ({ target, from })),
  );
}

/** What counts of a registry that is declared more than once: the strongest declaration, and the last one of a file. */
function describedIn(settings: Described, options: JudgingOptions, places: Places): readonly Target[] {
  const declared = declarationsIn(settings, options, places);
  return [...new Map(declared.map(({ target }) => [registryId(target), target])).values()];
}

/** A registry that is declared more than once, and the files in which it is, the strongest last. */
export type Collision = { readonly path: string; readonly format: string; readonly files: readonly string[] };

/** The registries that are declared more than once. */
export function collisionsIn(settings: Described, env: Env): readonly Collision[] {
  const byId = new Map<string, Collision>();
  for (const { target, from } of declarationsIn(settings, {}, placesIn(env, agentHomes))) {
    const { path, format } = target;
    const id = registryId(target);
    byId.set(id, { path, format: format.name, files: [...(byId.get(id)?.files ?? []), from] });
  }
  return [...byId.values()].filter(({ files }) => files.length > 1);
}

/** The registries that the configuration and the drop-ins beside it describe. */
export function describedTargets(settings: Described, env: Env): readonly Target[] {
  return describedIn(settings, {}, placesIn(env, agentHomes));
}

const isSwept = ({ value }: Settings["wellKnown"], { name }: Format): boolean =>
  typeof value === "boolean" ? value : value.includes(name);

/** The formats whose well-known places are not swept, and that nothing describes. */
export function turnedOff(settings: Settings, env: Env): readonly string[] {
  const places = placesIn(env);
  const described = new Set(describedIn(settings, {}, places).map(({ format }) => format.name));
  const off = builtInFormats.filter((format) => !isSwept(settings.wellKnown, format) && format.wellKnown(places).length > 0);
  return off.map(({ name }) => name).filter((name) => !described.has(name));
}

/** The registries of this run: those named by flags, else those that are described, and beside them the well-known places. */
export function resolveTargets(settings: Settings, options: JudgingOptions, env: Env): readonly Target[] {
  const places = placesIn(env, agentHomes);
  const described = describedIn(settings, options, places);
  const isDescribed = ({ format, path }: Target): boolean => described.some((one) => one.format.name === format.name && one.path === path);
  const wellKnown = (): readonly Target[] =>
    builtInFormats
      .filter((format) => isSwept(settings.wellKnown, format))
      .flatMap((format) => wellKnownTargets(format, undefined, options, places))
      .filter((target) => !isDescribed(target));
  const chosen = options.registry?.flatMap((text) => namedTargets(text, described, options, places)) ?? [...described, ...wellKnown()];
  const byPlace = new Map(chosen.map((target) => [registryId(target), target]));
  return [...byPlace.values()];
}

/** The registries that may speak for a session, also where options narrow what is judged. */
export function witnessTargets(settings: Described, env: Env): readonly Target[] {
  const places = placesIn(env);
  return [...describedIn(settings, {}, places), ...holderFormats.flatMap((format) => wellKnownTargets(format, undefined, {}, places))];
}

/** The registry that a tombstone came from: as the configuration describes it, or as its format alone does. */
export function restoreTarget(settings: Settings, { format, registry, kept }: Tombstone, env: Env): Target {
  const configured = describedIn(settings, {}, placesIn(env));
  const described = configured.find((target) => {
    const isWithin = target.format.layout !== "members" || kept.layout !== "members" || target.format.entries === kept.entries;
    return target.format.name === format && target.path === registry && isWithin;
  });
  // What a sweep with another limit has cut is put back without asking for that again.
  if (described !== undefined) return { ...described, maxSize: largestFile };
  const entries = kept.layout === "members" ? kept.entries : "";
  const shape = builtInFormat(format) ?? shapedFormat(format, { entries, pattern: "", fields: {}, about: "session" });
  if (shape === undefined) throw new Failure("usage", `this version knows no format "${format}", which the tombstone of ${registry} names`);
  return { ...targetAt({ path: registry, named: true }, shape, undefined, {}, env), maxSize: largestFile };
}
