import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, unlinkSync } from "node:fs";
import { openForReading } from "../files/files.ts";
import { fileSystemOf } from "../files/file-system.ts";
import { assertPathAnswers, findPlace, type Place } from "../files/held-directory.ts";
import { swapName, temporaryName } from "../files/leftovers.ts";
import { usersOf, type LookAtUsers } from "../locks/file-users.ts";
import { inOneMount } from "../locks/mounts.ts";
import leaseProgram from "../locks/lease.pl";
import { formatError } from "../observed.ts";
import { perlCall } from "../programs/perl.ts";
import { attributeProblem } from "./attributes.ts";
import probeProgram from "./probe.pl";

/**
 * How a registry is swapped, the strongest first. `impossible`: it would be swapped, and cannot. `none`: whether it can be
 * is another guard's to say.
 */
export type SwapMethod = { readonly method: "lease" | "exchange" | "compare" | "impossible" | "none"; readonly guarantee: string };

const guarantees = {
  lease: "no update of another program is lost: it is kept out while the registry is compared and exchanged",
  exchange: "what came out of the exchange is looked at and put back if it is another; an update within microseconds can be lost",
  compare: "the registry is compared right before the rename; an update that comes in between is looked for afterwards, and can be lost",
} as const;

const of = (method: keyof typeof guarantees, why = ""): SwapMethod => ({ method, guarantee: `${guarantees[method]}${why}` });
const impossible = (why: string): SwapMethod => ({ method: "impossible", guarantee: why });

/** Two files beside a registry, on which is tried what a swap does to it. */
type Trial = { readonly place: Place; readonly one: string; readonly other: string; readonly fd: number };

function withTrial<T>(path: string, act: (trial: Trial) => T): T {
  const place = findPlace(path);
  const { at } = place.directory;
  const made: string[] = [];
  const make = (name: string): number => {
    const fd = openSync(at(name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    made.push(name);
    return fd;
  };
  let fd: number | undefined;
  try {
    const one = temporaryName(place.name, "new");
    fd = make(one);
    const other = swapName(place.name, fstatSync(fd, { bigint: true }).ino);
    closeSync(make(other));
    return act({ place, one, other, fd });
  } finally {
    if (fd !== undefined) closeSync(fd);
    for (const name of made) unlinkSync(at(name));
    place.directory.close();
  }
}

function tried(judged: number, { place, one, other, fd }: Trial, look: LookAtUsers): SwapMethod {
  if (!inOneMount(judged, place.directory.fd))
    return impossible("it is mounted by itself, so no other file can take its name (mount its directory)");
  const { args, env } = perlCall(leaseProgram + probeProgram, one, other);
  const { error, status, stdout } = spawnSync("perl", args, {
    stdio: ["ignore", "pipe", "ignore", judged, place.directory.fd],
    env,
    encoding: "utf8",
    timeout: 5_000,
  });
  const hasPerl = error === undefined && status === 0;
  const doubt = (): string | undefined => {
    const user = look([judged])[0];
    return user === undefined || user.pid !== undefined ? undefined : `without a lease it counts as busy: ${user.why}`;
  };
  const [lease = "", exchange = ""] = hasPerl ? stdout.split("\n") : [];
  if (hasPerl && !lease.startsWith("unsupported")) {
    const why = lease === "lease" && exchange === "exchange" ? undefined : doubt();
    if (why !== undefined) return impossible(why);
    if (exchange !== "exchange") return of("compare", `; two names cannot be exchanged there (${exchange.slice(15)})`);
    return lease === "lease" ? of("lease") : of("exchange", `; no lease can be had (${lease.slice(11)})`);
  }
  const problem = attributeProblem(judged, fd);
  if (problem !== undefined) return impossible(`its extended attributes could not be kept: ${problem}`);
  const why = doubt();
  if (why !== undefined) return impossible(`${why} (install perl)`);
  return of("compare", hasPerl ? "; the machine that perl is built for is not known" : "; perl would do better, and is not here");
}

/**
 * Which method is in force for a registry, and what it guarantees. The lease is taken for an instant and given back, so a
 * writer that comes then waits for no longer than that; the rest is tried on two files beside it.
 */
export function swapMethodFor(path: string, look: LookAtUsers = usersOf): SwapMethod {
  let fd: number | undefined;
  try {
    assertPathAnswers(path);
    fd = openForReading(path);
    const judged = fd;
    if (!fstatSync(judged).isFile()) return { method: "none", guarantee: "it is a directory: its files are captured one by one" };
    const { local, name } = fileSystemOf(path);
    if (!local) return { method: "none", guarantee: `its file system (${name}) may be shared with other machines: nothing is swapped` };
    try {
      return withTrial(path, (trial) =>
        process.platform === "linux" ? tried(judged, trial, look) : of("compare", "; a lease is for Linux only"),
      );
    } catch (error) {
      return impossible(`no file can be made beside it: ${formatError(error)}`);
    }
  } catch (error) {
    return { method: "none", guarantee: `it could not be looked at: ${formatError(error)}` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
