import { seen, unseen, type Observed } from "../../core/evidence.ts";
import { perlCall } from "./perl.ts";
import clockProgram from "./clock.pl";

const answerMs = 5_000;

/**
 * Whether the kernel counts the wall clock as synchronised. It is asked itself: a file such as that of systemd-timesyncd
 * knows nothing of chrony, of ntpd or of a host that sets the clock of its containers.
 */
export function isClockSynchronised(): Observed<boolean> {
  if (process.platform !== "linux") return unseen("whether the clock is synchronised can be seen on Linux only");
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { args, env } = perlCall(clockProgram);
  const { error, stdout } = spawnSync("perl", args, { stdio: ["ignore", "pipe", "ignore"], env, encoding: "utf8", timeout: answerMs });
  if (error !== undefined) return unseen("perl is not here");
  return stdout === "yes" || stdout === "no" ? seen(stdout === "yes") : unseen("the kernel does not say whether the clock is synchronised");
}
