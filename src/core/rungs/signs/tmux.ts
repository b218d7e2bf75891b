import { deadByAbsence, live, noSign, unknown, type Answer } from "../../answer.ts";
import type { Scene } from "../../scene.ts";
import { findInTmux, namesTmux, tmuxKey } from "../../identity/tmux.ts";
import { wholeTable } from "../whole-table.ts";
import { placeOf } from "./elsewhere.ts";
import type { Sign } from "./sign.ts";

function askTmux(scene: Scene): Answer {
  const { claim, registry, evidence } = scene;
  const { tmuxSession, tmuxPane } = claim;
  const what = [tmuxSession === undefined ? "" : `session ${tmuxSession}`, tmuxPane === undefined ? "" : `pane ${tmuxPane}`];
  const named = `tmux ${what.filter((one) => one !== "").join(", ")}`;
  const observation = evidence.tmux.get(tmuxKey(registry.id, claim));
  if (observation === undefined) return unknown("tmux-unseen", `nobody asked for ${named}`);
  const { panes, complete } = observation;
  const found = findInTmux(claim, panes);
  if (found === "there") return live("tmux-alive", `${named} is there`);
  if (!complete.seen) return unknown("tmux-unseen", () => `${named} could not be looked for: ${complete.why}`);
  if (found === "unclear") return unknown("tmux-unseen", `whether ${named} is one of the panes that are there cannot be told`);
  const table = wholeTable(scene);
  return table.seen ? deadByAbsence("tmux-gone", `${named} is not there`) : unknown("process-table-blind", table.why);
}

/** The tmux session or pane that the entry names. What runs in it now is not looked at. */
export const tmux: Sign = {
  name: "tmux",
  shows: "session",
  ask: (scene) => (namesTmux(scene.claim) && placeOf(scene).kind === "here" ? askTmux(scene) : noSign),
};
