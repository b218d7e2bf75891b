import type { Guard } from "../../report/model/guards.ts";
import { failureFinding, finding, isActive, isEnabled, isOffered, unitExists, loadProblem, type Finding } from "./findings.ts";
import type { Properties } from "../manage/manager.ts";

/** What systemd says of the service that runs `sessreap watch`, and what was seen beside it. */
export type WatchFacts = {
  readonly command: string;
  readonly name: string;
  readonly watch: Properties;
  /** The first file of its command line that is not there. */
  readonly gone: string | undefined;
};

function watchFinding({ watch, name, command, gone }: WatchFacts): Finding {
  const problem = loadProblem(watch, command);
  if (problem !== undefined) return problem;
  if (gone !== undefined) return finding("off-runtime-divergent", "binary-gone", `${gone} is not there`, "sessreap units install --watch");
  const { ActiveState: active, SubState: sub, Result: result, ExecMainStartTimestamp: started } = watch;
  if (isActive(watch)) {
    return isEnabled(watch)
      ? finding("on", "fine", `it has watched since ${started}`, null)
      : finding("on", "not-enabled", "it runs, and will be gone after the next boot", `${command} enable ${name}`);
  }
  // What runs for ever and has ended is off, however it ended.
  if (result !== "success") return { ...failureFinding(watch, name, command), posture: "off-runtime-divergent" };
  if (sub === "auto-restart") return finding("on", "fine", "it was ended, and is about to be started again", null);
  return isEnabled(watch)
    ? finding("off-runtime-divergent", "not-started", `it is enabled, and ${active}`, `${command} start ${name}`)
    : finding("off", "disabled", "it is installed, and neither enabled nor started", `${command} enable --now ${name}`);
}

/** The guard of `sessreap watch`; none where the user did not ask for it. */
export function watchGuards(facts: WatchFacts): readonly Guard[] {
  const { watch, name, command } = facts;
  if (!unitExists(watch) || isOffered(watch)) return [];
  const about = { guard: "service", name } as const;
  const reload = finding("on", "needs-reload", "a file changed since it was read", `${command} daemon-reload`);
  return [{ ...about, ...watchFinding(facts) }, ...(watch["NeedDaemonReload"] === "yes" ? [{ ...about, ...reload }] : [])];
}
