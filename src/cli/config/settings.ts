import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatError } from "../../host/observed.ts";
import { knownPrograms } from "../../core/agents/programs.ts";
import { parseDuration } from "../../core/duration.ts";
import { defaultPolicy, type Policy } from "../../core/policy.ts";
import { isThere, readConfig, readDropIn } from "./config-file.ts";
import type { Config } from "./schema/config-schema.ts";
import type { RegistryConfig } from "./schema/registry-schema.ts";
import { Failure } from "../failure.ts";
import { checkPlaces, expandHome, stateDirectory, systemConfigPath, userConfigPath, type Env } from "./paths.ts";

/** The options that every judging command takes, as commander hands them over. */
export type JudgingOptions = {
  readonly registry?: readonly string[];
  readonly config?: string;
  readonly grace?: string;
  readonly ttl?: string;
  readonly appServer?: readonly string[];
  readonly hostGone?: readonly string[];
  readonly maxSize?: string;
  readonly now?: boolean;
  /** The sweep is a timer's, which stands in no directory where a user works. */
  readonly timer?: boolean;
};

/** One value of the effective configuration, and where it came from. */
export type Setting<T> = { readonly value: T; readonly from: string };

export type Settings = {
  readonly grace: Setting<number>;
  readonly ttl: Setting<number>;
  readonly pidNamespace: Setting<"own" | undefined>;
  readonly agents: Setting<readonly string[]>;
  readonly onlookers: Setting<readonly string[]>;
  readonly hostsGone: Setting<readonly string[]>;
  readonly healRenamedHost: Setting<boolean>;
  readonly metricsFile: Setting<string | undefined>;
  readonly stateDir: Setting<string>;
  readonly wellKnown: Setting<boolean | readonly string[]>;
  readonly registries: Setting<readonly RegistryConfig[] | undefined>;
  /** Registries that stand in files of their own, those of the system first. */
  readonly dropIns: readonly Setting<readonly RegistryConfig[]>[];
  /** The configuration files that were read, the stronger first. */
  readonly files: readonly string[];
};

type Layer = { readonly from: string; readonly config: Config };

/** The configuration that stands for all others. */
function namedConfig(options: JudgingOptions, env: Env): string | undefined {
  const named = options.config ?? env["SESSREAP_CONFIG"];
  return named === "" ? undefined : named;
}

/** A directory that is missing needs no reason here: reading the configuration in it has asked for that. */
function dropInsBeside(configPath: string): readonly string[] {
  const directory = join(dirname(configPath), "registries.d");
  if (!existsSync(dirname(configPath)) || !isThere(directory)) return [];
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(".json") && !name.startsWith("."));
    return names.toSorted().map((name) => join(directory, name));
  } catch (error) {
    throw new Failure("config", `${directory}: ${formatError(error)}; it is to be a directory of *.json files that this user may read`);
  }
}

/** What other packages and the user have laid down beside the two configurations. */
async function readDropIns(options: JudgingOptions, env: Env, systemPath: string): Promise<Settings["dropIns"]> {
  if (namedConfig(options, env) !== undefined) return [];
  const read: Setting<readonly RegistryConfig[]>[] = [];
  for (const from of [...dropInsBeside(systemPath), ...dropInsBeside(userConfigPath(env))])
    read.push({ value: await readDropIn(from), from });
  return read;
}

async function configLayers(options: JudgingOptions, env: Env, systemPath: string): Promise<readonly Layer[]> {
  const named = namedConfig(options, env);
  const places = named === undefined ? [userConfigPath(env), systemPath] : [expandHome(named)];
  const layers: Layer[] = [];
  for (const path of places) {
    const config = await readConfig(path, named !== undefined);
    if (config !== undefined) layers.push({ from: path, config });
  }
  return layers;
}

function durationFrom(text: string, from: string): Setting<number> {
  const value = parseDuration(text);
  if (value === undefined) throw new Failure("usage", `${from}: "${text}" is not a duration such as 90s, 10m, 2h or 7d`);
  return { value, from };
}

/** The first layer that says something wins: flag, environment, the user's file, the system's file, the default. */
function pick<K extends keyof Config>(layers: readonly Layer[], key: K): Setting<NonNullable<Config[K]>> | undefined {
  for (const { from, config } of layers) {
    const value = config[key];
    if (value !== undefined) return { value, from };
  }
  return undefined;
}

function pickDuration(
  key: "grace" | "ttl",
  options: JudgingOptions,
  env: Env,
  layers: readonly Layer[],
  fallback: number,
): Setting<number> {
  const flag = options[key];
  if (flag !== undefined) return durationFrom(flag, `--${key}`);
  const name = `SESSREAP_${key.toUpperCase()}`;
  const variable = env[name];
  if (variable !== undefined && variable !== "") return durationFrom(variable, name);
  const configured = pick(layers, key);
  return configured === undefined
    ? { value: fallback, from: "default" }
    : { value: parseDuration(configured.value) ?? fallback, from: configured.from };
}

function pickNamespace(env: Env, layers: readonly Layer[]): Setting<"own" | undefined> {
  const variable = env["SESSREAP_PID_NAMESPACE"];
  if (variable === undefined || variable === "") return pick(layers, "pidNamespace") ?? { value: undefined, from: "default" };
  if (variable !== "own") throw new Failure("usage", `SESSREAP_PID_NAMESPACE: "${variable}" is not "own"`);
  return { value: "own", from: "SESSREAP_PID_NAMESPACE" };
}

/** The flag adds to what the configuration says. */
function hostsGone({ hostGone = [] }: JudgingOptions, layers: readonly Layer[]): Setting<readonly string[]> {
  if (hostGone.includes("")) throw new Failure("usage", '--host-gone: "" is no host\'s name');
  const configured = pick(layers, "hostsGone");
  if (hostGone.length === 0) return configured ?? { value: [], from: "default" };
  const from = configured === undefined ? "--host-gone" : `--host-gone, ${configured.from}`;
  return { value: [...hostGone, ...(configured?.value ?? [])], from };
}

export async function resolveSettings(options: JudgingOptions, env: Env, systemPath = systemConfigPath): Promise<Settings> {
  checkPlaces(env);
  const layers = await configLayers(options, env, systemPath);
  const dropIns = await readDropIns(options, env, systemPath);
  const metricsFile = pick(layers, "metricsFile");
  return {
    grace: pickDuration("grace", options, env, layers, defaultPolicy.graceMs),
    ttl: pickDuration("ttl", options, env, layers, defaultPolicy.ttlMs),
    pidNamespace: pickNamespace(env, layers),
    agents: pick(layers, "agents") ?? { value: [], from: "default" },
    onlookers: pick(layers, "onlookers") ?? { value: [], from: "default" },
    hostsGone: hostsGone(options, layers),
    healRenamedHost: pick(layers, "healRenamedHost") ?? { value: false, from: "default" },
    metricsFile:
      metricsFile === undefined ? { value: undefined, from: "default" } : { value: expandHome(metricsFile.value), from: metricsFile.from },
    stateDir: { value: stateDirectory(env), from: stateSource(env) },
    wellKnown: pick(layers, "wellKnown") ?? { value: true, from: "default" },
    registries: pick(layers, "registries") ?? { value: undefined, from: "default" },
    dropIns,
    files: [...layers, ...dropIns].map(({ from }) => from),
  };
}

function stateSource(env: Env): string {
  if ((env["SESSREAP_STATE_DIR"] ?? "") !== "") return "SESSREAP_STATE_DIR";
  return (env["XDG_STATE_HOME"] ?? "") === "" ? "default" : "XDG_STATE_HOME";
}

export function policyFrom(settings: Settings, options: JudgingOptions): Policy {
  return {
    graceMs: settings.grace.value,
    ttlMs: settings.ttl.value,
    now: options.now === true,
    ownPidNamespace: settings.pidNamespace.value === "own",
    hostsGone: settings.hostsGone.value,
    healRenamedHost: settings.healRenamedHost.value,
    programs: { ...knownPrograms, declared: settings.agents.value, onlookers: settings.onlookers.value },
    despite: undefined,
    anyAge: false,
    ownersWord: false,
  };
}
