import { ownHome } from "../../host/files/homes.ts";
import { isAbsolute, join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** Where units of the user's own manager stand. */
export function userUnitDirectory(env: Env): string {
  const given = env["XDG_CONFIG_HOME"];
  return join(given !== undefined && isAbsolute(given) ? given : join(ownHome(), ".config"), "systemd", "user");
}

export const systemUnitDirectory = "/etc/systemd/system";
