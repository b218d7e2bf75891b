import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Unpacks a package of Debian's once a machine, installs nothing, and returns where. Throws where it cannot be had. */
export function unpackedPackage(name: string): string {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sessreap-foreign");
  const directory = join(cache, `debian-${name}`);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(`${directory}.`);
  try {
    execFileSync("apt-get", ["download", name], { cwd: fresh, stdio: "pipe", timeout: 60_000 });
    const [deb = ""] = readdirSync(fresh);
    execFileSync("dpkg-deb", ["-x", deb, "."], { cwd: fresh, stdio: "pipe" });
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return directory;
}
