import { existsSync } from "node:fs";
import { offLines } from "../config/off.ts";
import { formatDuration } from "../../core/duration.ts";
import type { Memory } from "../../core/memory/memory.ts";
import { settledAfterMs } from "../../core/policy.ts";
import { hangs } from "../../host/files/held-directory.ts";
import { ownHome } from "../../host/files/homes.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { runConfigSuggest } from "./config-suggest.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { configText, type ShownRegistry, type ShownSetting } from "../person/config-text.ts";
import { screenFor } from "../screen.ts";
import type { JudgingOptions, Setting, Settings } from "../config/settings.ts";
import { prepareToLook } from "../prepare.ts";
import { checkLines, checkRegistries } from "../config/registry-checks.ts";
import { registryId, type Target } from "../../sweep/load/target.ts";

/** What is in force, in the words of a person. */
function shownSettings({
  grace,
  ttl,
  pidNamespace,
  agents,
  onlookers,
  hostsGone,
  healRenamedHost,
  metricsFile,
  wellKnown,
  stateDir,
}: Settings): readonly ShownSetting[] {
  const shown = (name: string, value: string, { from }: Setting<unknown>): ShownSetting => ({ name, value, from });
  return [
    shown("grace", formatDuration(grace.value), grace),
    shown("ttl", formatDuration(ttl.value), ttl),
    shown("state", stateDir.value, stateDir),
    shown("pidNamespace", pidNamespace.value ?? "not declared", pidNamespace),
    shown("agents", agents.value.length === 0 ? "those known by name" : `${agents.value.join(", ")}, and those known by name`, agents),
    shown("onlookers", onlookers.value.length === 0 ? "none" : onlookers.value.join(", "), onlookers),
    shown("hostsGone", hostsGone.value.length === 0 ? "none" : hostsGone.value.join(", "), hostsGone),
    shown("healRenamedHost", String(healRenamedHost.value), healRenamedHost),
    shown("wellKnown", typeof wellKnown.value === "boolean" ? String(wellKnown.value) : wellKnown.value.join(", "), wellKnown),
    shown("metricsFile", metricsFile.value ?? "none", metricsFile),
  ];
}

/** How many entries sweeps remember, and whether the start tokens of a registry count. */
function rememberedOf(target: Target, { records, provenTokens }: Memory) {
  const { declaredFields } = target.format;
  const id = registryId(target);
  const isProven = provenTokens.get(id) === declaredFields;
  const startTokens = declaredFields === undefined ? "known" : isProven ? "proven" : "unproven";
  return { entries: records.get(id)?.size ?? 0, startTokens } as const;
}

function rememberedWords({ entries, startTokens }: ReturnType<typeof rememberedOf>): string {
  const proven = startTokens === "unproven" ? "; no start token has proved right yet" : "";
  return `${entries === 0 ? "" : `; ${entries} remembered`}${proven}`;
}

/** What the last sweep left of the clock. */
function clockOf({ settling: { watchedMs, settledAtMs }, sleep: { sleeps } }: Memory) {
  const sleptMs = sleeps.reduce((sum, { ms }) => sum + ms, 0);
  return { reliedOn: settledAtMs !== undefined, watchedMs: Math.round(watchedMs), sleptMs: Math.round(sleptMs) };
}

function clockLine({ reliedOn, watchedMs, sleptMs }: ReturnType<typeof clockOf>): string {
  const watched = `not relied on yet: sweeps have seen ${formatDuration(watchedMs)} of ${formatDuration(settledAfterMs)} awake`;
  return `${reliedOn ? "relied on" : watched}; ${formatDuration(sleptMs)} of sleep remembered`;
}

export const runConfig: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { options, stdout, words } = invocation;
  const [verb, place] = words;
  if (verb === "suggest" && place !== undefined) return runConfigSuggest(invocation, place);
  if (verb !== undefined) throw new Failure("usage", `config takes no words but "suggest" and one path: sessreap config suggest PATH`);
  const { host, settings, collisions, examine } = await prepareToLook(invocation);
  const { memory } = host.store.loadMemory();
  const checks = await checkRegistries(host, examine.targets, memory);
  const registries = checks.map(({ target, ...check }) => {
    const { format, path, named, appServers, owner, release } = target;
    const patterns = format.layout === "files" ? format.patterns : [];
    return {
      format: format.name,
      path,
      layout: format.layout,
      wellKnown: !named,
      appServers: appServers.map(({ url, configured }) => ({ url, configured })),
      owner: owner ?? null,
      release: release ?? null,
      ...check,
      patterns,
      remembered: rememberedOf(target, memory),
    };
  });
  const clock = clockOf(memory);
  if (options.json === true) {
    await writeDocument(stdout, { command: "config", settings, registries, clock, exitCode: 0 });
    return 0;
  }
  const fromHere = new Set(examine.targets.filter(({ seenFromHere }) => seenFromHere === true).map(({ path }) => path));
  const shown = registries.map(({ format, path, wellKnown, patterns, remembered, ...check }): ShownRegistry => {
    const kind = `(${format}${wellKnown ? ", well-known place" : ""}${fromHere.has(path) ? ", seen from here only" : ""})`;
    const about = `${kind}${rememberedWords(remembered)}`;
    return { path, about, isAbsent: wellKnown && !hangs(path) && !existsSync(path), checks: checkLines({ ...check, patterns }) };
  });
  const remarks = [...collisions, ...offLines(settings, invocation.env)];
  const screen = await screenFor(stdout, invocation.env);
  const view = { screen, palette: await paletteFor(stdout, options.color ?? "auto"), home: ownHome(), verbose: options.verbose === true };
  const { files } = settings;
  await writeLines(
    stdout,
    configText({ files, settings: shownSettings(settings), registries: shown, remarks, clock: clockLine(clock) }, view),
  );
  return 0;
};
