import { realHost } from "../../host/real-host.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { loadRegistry } from "../../sweep/load/load.ts";
import type { Entry } from "../../sweep/load/loaded.ts";
import type { Env } from "../config/paths.ts";
import { resolveSettings } from "../config/settings.ts";
import { resolveRegistries } from "../config/targets.ts";
import type { Candidate, Wanted } from "./wanted.ts";

/**
 * What is registered in the registries that the words before the cursor name. They are only read: no process is looked
 * at, nothing is judged, and no sweep is kept waiting.
 */
export async function registered(
  { given }: Wanted,
  env: Env,
  version: string,
  word: (entry: Entry) => string | undefined,
): Promise<readonly Candidate[]> {
  const [registry, config] = [given.get("--registry"), given.get("--config")?.at(-1)];
  const options = { ...(registry !== undefined && { registry }), ...(config !== undefined && { config }) };
  const settings = await resolveSettings(options, env);
  const host: LookingHost = await realHost(settings.stateDir.value, version);
  const found: Candidate[] = [];
  for (const target of resolveRegistries(settings, options, env).targets) {
    const loaded = await loadRegistry(host, target);
    if (loaded.state !== "read") continue;
    for (const entry of loaded.entries) {
      const said = word(entry);
      if (said !== undefined) found.push({ word: said, meaning: target.format.name });
    }
  }
  return found;
}
