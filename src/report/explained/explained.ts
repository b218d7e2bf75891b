import type { Answer } from "../../core/answer.ts";
import type { RungName } from "../../core/ladder.ts";
import type { EntryReport, RegistryTitle } from "../model/sweep.ts";
import type { RememberedReport } from "../remembered.ts";

/** An answer whose words have been put together. */
type Worded<One> = One extends unknown ? Omit<One, "detail"> & { readonly detail: string } : never;

/** A rung's answer for one entry. */
export type RungAnswer = {
  readonly name: RungName;
  readonly rule: string;
  readonly answer: Worded<Answer>;
  /** A gate lets an entry through, and looks at nothing. */
  readonly isGate: boolean;
  /** Its answer was needed: no rung before it had settled the entry. */
  readonly asked: boolean;
};

/** Everything that is said of one entry. */
export type Explained = {
  readonly entry: EntryReport;
  readonly title: RegistryTitle;
  /** The sentence of its reason, with the durations in force. */
  readonly why: string;
  /** What it can be called by on a command line, so that no other entry is meant. */
  readonly name: string;
  /** The host that it names, where that is not this one. */
  readonly host: string | undefined;
  /** Its registry is a table of a server, of which each machine sweeps its own rows alone. */
  readonly isOnServer: boolean;
  readonly lastHeartbeatAt: number | undefined;
  /** When it was released (epoch ms), and why, as it says itself; undefined for one that was not, or does not say when. */
  readonly released: { readonly at: number; readonly reason: string | undefined } | undefined;
  readonly rungs: readonly RungAnswer[];
  /** The number of the rung whose answer stands, counted from 1; undefined where none was asked. */
  readonly settledBy: number | undefined;
  readonly revisions: readonly { readonly name: string; readonly rule: string; readonly detail: string }[];
  readonly remembered: RememberedReport | null;
  /** When the entry will be judged, will be a ghost, or is no longer left alone; epoch ms. */
  readonly judgedFrom: number | undefined;
  readonly ghostFrom: number | undefined;
  readonly protectedUntil: number | undefined;
  /** Why nothing is done there: the registry's owner is up, or its entries may not be changed. */
  readonly owner: { readonly up: boolean; readonly pids: readonly number[]; readonly argv?: readonly string[]; readonly unit?: string };
  readonly reportOnly: string | undefined;
  /** It claims a thread, which an app server can tell of, and these were only tried. */
  readonly isThread: boolean;
  readonly triedServers: readonly string[];
  /** A timer sweeps by itself. */
  readonly isTimerOn: boolean;
};
