import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Other users' instances need the templates: those that are enabled, or that have a drop-in. */
export function otherInstances(directory: string, user: string): boolean {
  const links = ["timers.target.wants", "multi-user.target.wants"].map((name) => join(directory, name));
  const names = [directory, ...links].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return names.some((name) => {
    const instance = /^sessreap(?:-watch)?@(.+)\.(?:timer|service)(?:\.d)?$/.exec(name)?.[1];
    return instance !== undefined && instance !== user;
  });
}
