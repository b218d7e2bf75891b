import { formatDuration } from "../../core/duration.ts";
import { visible } from "../../report/visible.ts";
import type { OutputOptions, Run } from "../context.ts";
import { writeDocument, writeLines } from "../output.ts";
import { resolveSettings, type JudgingOptions, type Setting, type Settings } from "../config/settings.ts";
import { resolveTargets } from "../config/targets.ts";

function settingLines({
  grace,
  ttl,
  pidNamespace,
  agents,
  onlookers,
  hostsGone,
  healRenamedHost,
  metricsFile,
  stateDir,
}: Settings): readonly string[] {
  const line = (name: string, value: string, { from }: Setting<unknown>): string =>
    `${name.padEnd(16)} ${visible(value).padEnd(24)} ${visible(from)}`;
  return [
    line("grace", formatDuration(grace.value), grace),
    line("ttl", formatDuration(ttl.value), ttl),
    line("pidNamespace", pidNamespace.value ?? "not declared", pidNamespace),
    line("agents", agents.value.length === 0 ? "those known by name" : `${agents.value.join(", ")}, and those known by name`, agents),
    line("onlookers", onlookers.value.length === 0 ? "none" : onlookers.value.join(", "), onlookers),
    line("hostsGone", hostsGone.value.length === 0 ? "none" : hostsGone.value.join(", "), hostsGone),
    line("healRenamedHost", String(healRenamedHost.value), healRenamedHost),
    line("metricsFile", metricsFile.value ?? "none", metricsFile),
    line("state directory", stateDir.value, stateDir),
  ];
}

export const runConfig: Run<JudgingOptions & OutputOptions> = async ({ options, env, stdout }) => {
  const settings = await resolveSettings(options, env);
  const targets = resolveTargets(settings, options, env);
  const registries = targets.map(({ format, path, named, appServers, owner, release }) => ({
    format: format.name,
    path,
    wellKnown: !named,
    appServers: appServers.map(({ url, configured }) => ({ url, configured })),
    owner: owner ?? null,
    release: release ?? null,
  }));
  if (options.json === true) {
    await writeDocument(stdout, { command: "config", settings, registries, exitCode: 0 });
    return 0;
  }
  const files = settings.files.length === 0 ? "no configuration file" : settings.files.join(", ");
  const places = registries.map(({ format, path, wellKnown }) => `  ${visible(path)} (${format}${wellKnown ? ", well-known place" : ""})`);
  await writeLines(stdout, [`read: ${visible(files)}`, "", ...settingLines(settings), "", "registries:", ...places]);
  return 0;
};
