import { ownHome } from "../../host/files/homes.ts";
import { isAbsolute, join, resolve } from "node:path";
import { Failure } from "../failure.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** `~/x` under the home directory; anything else as it stands. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(ownHome(), path.slice(1)) : path;
}

/** The whole of a path that a person gave: from the home or the current directory, which has none once it was removed or is too deep. */
export function wholePath(given: string): string {
  const path = expandHome(given);
  try {
    return resolve(path);
  } catch {
    throw new Failure("usage", `"${given}" is no whole path, and the current directory has none`, "do: name it from / on");
  }
}

/** A path below the home directory as a person writes it. */
export function belowHome(path: string): string {
  const home = ownHome();
  return home !== "/" && (path === home || path.startsWith(`${home}/`)) ? `~${path.slice(home.length)}` : path;
}

const placeNames = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] as const;

/**
 * Ends the run where the environment names a place from the current directory: a timer and a shell would sweep other
 * registries, and keep their state apart. An empty value is none (XDG base directory specification).
 */
export function checkPlaces(env: Env): void {
  for (const name of placeNames) {
    const value = env[name] ?? "";
    if (value === "" || isAbsolute(value)) continue;
    throw new Failure("usage", `${name}: "${value}" does not begin with /`, "do: set it to an absolute path, or unset it");
  }
}

function xdg(env: Env, name: (typeof placeNames)[number], fallback: string): string {
  const value = env[name] ?? "";
  return value === "" ? join(ownHome(), fallback) : value;
}

export function userConfigPath(env: Env): string {
  return join(xdg(env, "XDG_CONFIG_HOME", ".config"), "sessreap", "config.json");
}

export const systemConfigPath = "/etc/sessreap/config.json";

export function stateDirectory(env: Env): string {
  const given = env["SESSREAP_STATE_DIR"];
  return given !== undefined && given !== "" ? wholePath(given) : join(xdg(env, "XDG_STATE_HOME", ".local/state"), "sessreap");
}

export function codexHome(env: Env): string {
  const given = env["CODEX_HOME"];
  return given !== undefined && given !== "" ? wholePath(given.replace(/^~/, "./~")) : join(ownHome(), ".codex");
}
