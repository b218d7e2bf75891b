import { seen, type Evidence, type TmuxObservation } from "../../core/evidence.ts";
import { judge } from "../../core/ladder.ts";
import type { Scene } from "../../core/scene.ts";
import { namesTmux, tmuxKey } from "../../core/identity/tmux.ts";
import { userOf, type Entry } from "../load/loaded.ts";
import type { LookingPass, RegistryView } from "../pass.ts";
import { sceneOf } from "./scenes.ts";

/** No pane anywhere, for the question whether it matters which there are. */
const noPanes: TmuxObservation = { panes: [], complete: seen(true) };

/** Whether an entry would go if nothing were there, and only then: what is proven dead goes in any case. */
function matters(scene: Scene): boolean {
  const goesBy = (tmux: Evidence["tmux"]): boolean => judge({ ...scene, evidence: { ...scene.evidence, tmux } }).verdict === "ghost";
  return goesBy(new Map([[tmuxKey(scene.registry.id, scene.claim), noPanes]])) && !goesBy(new Map());
}

/** What these entries name in tmux; each server is asked once, and none for an entry that stays anyway. */
export async function seeTmux(
  pass: LookingPass,
  those: Iterable<{ readonly view: RegistryView; readonly entries: Iterable<Entry> }>,
): Promise<Evidence["tmux"]> {
  const asked = new Map<string, Promise<TmuxObservation>>();
  const looks = new Map<string, Promise<TmuxObservation>>();
  for (const { view, entries } of those) {
    if (!view.loaded.target.format.namesTmux) continue;
    const user = userOf(view.loaded);
    for (const entry of entries) {
      const { claim } = entry;
      if (!claim.ok || !namesTmux(claim.registration)) continue;
      const key = tmuxKey(view.facts.id, claim.registration);
      if (asked.has(key) || !matters(sceneOf(pass, view, entry, claim))) continue;
      const { tmuxSocket } = claim.registration;
      const place = `${user} ${tmuxSocket ?? ""}`;
      const look = looks.get(place) ?? pass.host.lookAtTmux(tmuxSocket, user);
      looks.set(place, look);
      asked.set(key, look);
    }
  }
  return new Map(await Promise.all([...asked].map(async ([key, look]) => [key, await look] as const)));
}
