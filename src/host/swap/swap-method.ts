import { spawnSync } from "node:child_process";
import { closeSync, fstatSync } from "node:fs";
import { openForReading } from "../files/files.ts";
import { fileSystemOf } from "../files/file-system.ts";
import { formatError } from "../observed.ts";
import { perlCall } from "../programs/perl.ts";
import probeProgram from "./probe.pl";

/** How a registry is swapped, the strongest first. */
export type SwapMethod = { readonly method: "lease" | "exchange" | "compare" | "none"; readonly guarantee: string };

const guarantees = {
  lease: "no update of another program is lost: it is kept out while the registry is compared and exchanged",
  exchange: "what came out of the exchange is looked at and put back if it is another; an update within microseconds can be lost",
  compare: "the registry is compared right before the rename; an update that comes in between is looked for afterwards, and can be lost",
} as const;

const of = (method: keyof typeof guarantees, why = ""): SwapMethod => ({ method, guarantee: `${guarantees[method]}${why}` });

/** Local file systems that cannot exchange two names, or only in newer versions. */
const withoutExchange: ReadonlySet<string> = new Set(["jfs", "zfs", "ramfs", "apfs", "hfs"]);

/**
 * Which method is in force for a registry, and what it guarantees. Tried on the file itself, without writing: the lease
 * is taken for an instant and given back, so a writer that comes then waits for no longer than that.
 */
export function swapMethodFor(path: string): SwapMethod {
  let fd: number | undefined;
  try {
    fd = openForReading(path);
    if (!fstatSync(fd).isFile()) return { method: "none", guarantee: "it is a directory: its files are captured one by one" };
    const { local, name } = fileSystemOf(path);
    if (!local) return { method: "none", guarantee: `its file system (${name}) may be shared with other machines: nothing is swapped` };
    if (process.platform !== "linux") return of("compare", "; a lease is for Linux only");
    const { args, env } = perlCall(probeProgram);
    const { error, status, stdout } = spawnSync("perl", args, {
      stdio: ["ignore", "pipe", "ignore", fd],
      env,
      encoding: "utf8",
      timeout: 5_000,
    });
    if (error !== undefined || status !== 0) return of("compare", "; perl would do better, and is not here");
    if (stdout.startsWith("unsupported")) return of("compare", "; the machine that perl is built for is not known");
    if (withoutExchange.has(name)) return of("compare", `; ${name} may not exchange two names`);
    return stdout.startsWith("unleasable") ? of("exchange", `; no lease can be had (${stdout.slice(11).trim()})`) : of("lease");
  } catch (error) {
    return { method: "none", guarantee: `it could not be looked at: ${formatError(error)}` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
