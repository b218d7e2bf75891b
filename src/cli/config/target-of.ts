import { join } from "node:path";
import { isServerAddress } from "../../core/app-servers.ts";
import { parseDuration } from "../../core/duration.ts";
import { sha256 } from "../../host/files/digest.ts";
import { currentDirectory, ownHome } from "../../host/files/homes.ts";
import { hostName } from "../../host/processes/linux-here.ts";
import { noHomes, type AgentHomes } from "../../host/processes/config-directories.ts";
import type { Format, OwnerSigns, Places } from "../../registries/format.ts";
import { parseServerAddress } from "../../registries/rows/server-address.ts";
import type { ServerTarget, Target } from "../../sweep/load/target.ts";
import { Failure } from "../failure.ts";
import type { RegistryConfig } from "./schema/registry-schema.ts";
import { codexHome, expandHome, type Env } from "./paths.ts";
import type { JudgingOptions } from "./settings.ts";
import { sizeFrom } from "./size.ts";

export function placesIn(env: Env, find: (home: string, uid: number) => AgentHomes = () => noHomes): Places {
  const [home, uid] = [ownHome(), process.getuid?.() ?? 0];
  // Formats put a slash behind each: that of the root directory is its whole name.
  const [below, cwd] = [home, currentDirectory()].map((path) => (path === "/" ? "" : path)) as [string, string];
  let found: AgentHomes | undefined;
  return { home: below, cwd, uid, env, sha256, furtherHomes: (agent) => (found ??= find(home, uid))[agent] };
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
        `${options.appServer === undefined ? "SESSREAP_APP_SERVER" : "--app-server"}: ${/[@?#]/.test(url) ? "what is given (not shown)" : `"${url}"`} is not a loopback address such as ws://127.0.0.1:8788, nor unix:// with an absolute path`,
      );
    }
  }
  const configured = given ?? config?.appServers;
  if (configured !== undefined) return configured.map((url) => configuredServer(url, env));
  const tried = format.triedServers(placesIn(env));
  return tried.filter((url) => isServerAddress(url)).map((url) => ({ url, configured: false, connectTo: connectTo(url, env) }));
}

export function targetAt(
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
    ...(config?.name !== undefined && { name: config.name }),
    ...ghostRule(format, config),
    ...(config?.shared !== undefined && { shared: config.shared }),
    ...(options.maxSize !== undefined && { maxSize: sizeFrom(options.maxSize, "--max-size") }),
  };
}

/** Rows are other programs' history: that one goes, or is written into, has to be said. */
function ghostRule({ layout }: Format, config: RegistryConfig | undefined): Pick<Target, "onGhost"> {
  const onGhost = config?.onGhost ?? (layout === "rows" ? "report" : undefined);
  return onGhost === undefined ? {} : { onGhost };
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

/** A format's usual places. */
export function wellKnownTargets(
  format: Format,
  config: RegistryConfig | undefined,
  options: JudgingOptions,
  places: Places,
): readonly Target[] {
  const { env } = places;
  return format.wellKnown(places).map((path) => {
    const target = targetAt({ path, named: false }, format, config, options, env);
    return isSeenFromHere(path, format, places) ? { ...target, seenFromHere: true } : target;
  });
}

type Described = {
  readonly format: Format;
  readonly config: RegistryConfig;
  readonly options: JudgingOptions;
  readonly env: Env;
  /** Its place in the configuration. */
  readonly where: string;
};

/** Names that every machine has for itself. */
const nobodysNames = /^localhost(?:\.|$)|^\(none\)$|^$/i;

/** A table of a server. What is said of a wrong address does not repeat it, for it can hold a password. */
export function serverTargetAt(url: string, machine: string | undefined, { format, config, options, env, where }: Described): Target {
  const address = parseServerAddress(url);
  if ("problem" in address) throw new Failure("config", `${where}.url: ${address.problem}`);
  const name = machine ?? hostName();
  if (nobodysNames.test(name))
    throw new Failure(
      "config",
      `${where}.machine: is missing; this host is called "${name}", as others are, so their rows would be taken for its own`,
    );
  const heartbeatTtlMs = config.heartbeatTtl === undefined ? undefined : parseDuration(config.heartbeatTtl);
  const server = { address, machine: name, ...(heartbeatTtlMs !== undefined && { heartbeatTtlMs }) };
  return { ...targetAt({ path: url, named: true }, format, config, options, env), server };
}

/** The tables of a server that a command line names by their address. */
export function serversAt(url: string, configured: readonly Target[]): readonly Target[] {
  const found = configured.filter(({ path, server }) => server !== undefined && path === url);
  if (found.length > 0) return found;
  throw new Failure("usage", "--registry: no table of a server at this address is described in a configuration");
}
