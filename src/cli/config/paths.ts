import { ownHome } from "../../host/files/homes.ts";
import { isAbsolute, join, resolve } from "node:path";

export type Env = Readonly<Record<string, string | undefined>>;

/** `~/x` under the home directory; anything else as it stands. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(ownHome(), path.slice(1)) : path;
}

/** XDG directories must be absolute; one that is not is ignored (XDG base directory specification). */
function xdg(env: Env, name: string, fallback: string): string {
  const value = env[name];
  return value !== undefined && isAbsolute(value) ? value : join(ownHome(), fallback);
}

export function userConfigPath(env: Env): string {
  return join(xdg(env, "XDG_CONFIG_HOME", ".config"), "sessreap", "config.json");
}

export const systemConfigPath = "/etc/sessreap/config.json";

export function stateDirectory(env: Env): string {
  const given = env["SESSREAP_STATE_DIR"];
  return given !== undefined && given !== "" ? resolve(expandHome(given)) : join(xdg(env, "XDG_STATE_HOME", ".local/state"), "sessreap");
}

export function codexHome(env: Env): string {
  const given = env["CODEX_HOME"];
  return given !== undefined && given !== "" ? resolve(given) : join(ownHome(), ".codex");
}
