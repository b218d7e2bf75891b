import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Installs a foreign package once a machine, and returns the path of one of its commands. Throws where it cannot be had. */
export function installedCommand(name: string, version: string, command: string): string {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sessreap-foreign");
  const directory = join(cache, `${name.slice(name.lastIndexOf("/") + 1)}-${version}`);
  const program = join(directory, "node_modules", ".bin", command);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(`${directory}.`);
  try {
    const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--loglevel=error"];
    execFileSync("npm", ["install", "--prefix", fresh, ...options, `${name}@${version}`], { stdio: "pipe", timeout: 170_000 });
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return program;
}
