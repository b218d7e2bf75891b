import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";

/** Every process of a run inherits this variable, however far it goes from its parent. The value is the run's own. */
export const variable = "SESSREAP_TEST_MARK";

/**
 * Ends what a run has left, workers included, when the run ends, even by SIGKILL: the keeper reads from a pipe that the
 * kernel closes then. It has a kernel session of its own, because a Ctrl-C in the terminal is meant for the tests.
 */
const script = `read -r never
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    for file in $(grep -lszF -- "$1" /proc/[0-9]*/environ); do pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"; done
  done`;

/** Starts the keeper before the first of the projects that start processes. */
export function setup(): void {
  if (process.env[variable] !== undefined) return;
  const run = randomUUID();
  process.env[variable] = run;
  const keeper = spawn("/bin/sh", ["-c", script, "keeper", `${variable}=${run}`], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  keeper.unref();
}
