import { realHost, type Host } from "../host/host.ts";
import type { ExamineOptions } from "../sweep/examine.ts";
import type { Invocation } from "./context.ts";
import { policyFrom, resolveSettings, type JudgingOptions, type Settings } from "./config/settings.ts";
import { resolveTargets } from "./config/targets.ts";

/** Everything that a judging command starts from. */
export async function prepare({
  options,
  env,
  version,
}: Invocation<JudgingOptions>): Promise<{ readonly host: Host; readonly settings: Settings; readonly examine: ExamineOptions }> {
  const settings = await resolveSettings(options, env);
  const targets = resolveTargets(settings, options, env);
  const host = await realHost(settings.stateDir.value, version);
  return {
    host,
    settings,
    examine: { targets, policy: policyFrom(settings, options), codexHomes: settings.codexHomes.value, env, lookAnyway: false },
  };
}
