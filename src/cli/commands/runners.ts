import { runComplete } from "./complete.ts";
import { runCompletion } from "./completion.ts";
import { runConfig } from "./config.ts";
import { runDoctor } from "./doctor.ts";
import { runExec } from "./exec.ts";
import { runExplain } from "./explain.ts";
import { runFleet } from "./fleet.ts";
import { runHistory } from "./history.ts";
import { runManual } from "./manual.ts";
import { runOwners } from "./owners.ts";
import { runPick } from "./pick.ts";
import { runReap } from "./reap.ts";
import { runRestore } from "./restore.ts";
import { runUnits } from "./units.ts";
import { runWatch } from "./watch.ts";
import { runWho } from "./who.ts";
import type { Run } from "../context.ts";
import type { CommandName } from "../declarations/commands.ts";

/** What runs each command but the sweep and its list. */
export const runners: Readonly<Record<Exclude<CommandName, "sweep" | "list">, Run<never>>> = {
  explain: runExplain,
  history: runHistory,
  restore: runRestore,
  doctor: runDoctor,
  units: runUnits,
  watch: runWatch,
  owners: runOwners,
  who: runWho,
  fleet: runFleet,
  exec: runExec,
  reap: runReap,
  pick: runPick,
  config: runConfig,
  completion: runCompletion,
  manual: runManual,
  __complete: runComplete,
};
