import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { tidyPath, users } from "../../host/files/homes.ts";
import { searchPath } from "../../host/search-path.ts";

export type Account = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string };

/** A user by name, wherever this machine keeps its users; undefined when there is none. Without getent there are those of /etc/passwd. */
export async function findAccount(name: string): Promise<Account | undefined> {
  const { execa } = await import("execa");
  const options = { reject: false, stdin: "ignore", cwd: "/", env: { PATH: searchPath() } } as const;
  const { stdout, failed, code } = await execa("getent", ["passwd", name], options);
  if (code === "ENOENT") return users().find((user) => user.name === name);
  const [found, , uid, gid, , home] = stdout?.split(":") ?? [];
  if (failed || found === undefined || home === undefined) return undefined;
  return { name: found, uid: Number(uid), gid: Number(gid), home: tidyPath(home) };
}

/** Does the user's manager run without a session of his? undefined where logind does not say. */
export function lingers(name: string): boolean | undefined {
  return existsSync("/var/lib/systemd") ? existsSync(`/var/lib/systemd/linger/${name}`) : undefined;
}

/** The user's name, or the number where no account has it, as in containers: systemd's tools take either. */
export function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}
