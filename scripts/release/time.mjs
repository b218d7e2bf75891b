// The one time that a release knows: that of the commit it is made of, so that two builds are the same.
import { execFileSync } from "node:child_process";

/** Seconds since the epoch; `SOURCE_DATE_EPOCH` where there is no repository. */
export function releaseTime() {
  const given = process.env.SOURCE_DATE_EPOCH;
  return Number(given ?? execFileSync("git", ["log", "-1", "--format=%ct"], { encoding: "utf8" }).trim());
}
