import { type Settings, policyFrom, resolveSettings } from "../config/settings.ts";
import { restoreTarget } from "../config/targets.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeWarnings } from "../messages.ts";
import { writeDocument, writeLines } from "../output.ts";
import { lockState, readState } from "../prepare.ts";
import { didYouMean } from "../suggest.ts";
import type { Tombstone } from "../../core/tombstone.ts";
import { realHost } from "../../host/host.ts";
import { readTombstones } from "../../host/state/tombstones.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { type Target, registryId } from "../../sweep/load/target.ts";
import { noCallers } from "../../sweep/observe/daemon.ts";
import { startPass } from "../../sweep/pass.ts";
import { type Tombstoned, restore } from "../../sweep/restore/restore.ts";

type RestoreOptions = OutputOptions & { readonly sweep?: string; readonly dryRun?: boolean };

/** The tombstones that were asked for. Of several with one key the newest is meant. */
function choose(all: readonly Tombstone[], keys: readonly string[], sweepId: string | undefined): readonly Tombstone[] {
  if (keys.length === 0 && sweepId === undefined)
    throw new Failure("usage", "name the entries to put back, or a sweep with --sweep", "do: sessreap history");
  const ofSweep = sweepId === undefined ? all : all.filter(({ id }) => id.startsWith(`${sweepId}/`));
  if (ofSweep.length === 0 && sweepId !== undefined) {
    const sweeps = [...new Set(all.map(({ id }) => id.split("/")[0] ?? ""))];
    throw new Failure("not-found", `no tombstone of sweep "${sweepId}"${didYouMean(sweepId, sweeps)}`);
  }
  if (keys.length === 0) return ofSweep;
  return keys.flatMap((key) => {
    const newest = new Map(
      ofSweep.filter((tombstone) => tombstone.key === key || tombstone.id === key).map((tombstone) => [tombstone.registry, tombstone]),
    );
    if (newest.size === 0)
      throw new Failure(
        "not-found",
        `no tombstone of "${key}"${didYouMean(
          key,
          ofSweep.map((tombstone) => tombstone.key),
        )}`,
      );
    return [...newest.values()];
  });
}

function byRegistry(chosen: readonly Tombstone[], settings: Settings, env: NodeJS.ProcessEnv): readonly Tombstoned[] {
  const places = new Map<string, { readonly target: Target; readonly tombstones: Tombstone[] }>();
  for (const tombstone of chosen) {
    const target = restoreTarget(settings, tombstone, env);
    const place = places.get(registryId(target)) ?? { target, tombstones: [] };
    place.tombstones.push(tombstone);
    places.set(registryId(target), place);
  }
  return [...places.values()];
}

export const runRestore: Run<RestoreOptions> = async ({ words, options, env, stdout, stderr, version }) => {
  const settings = await resolveSettings({}, env);
  const places = byRegistry(choose(readState(settings.stateDir.value, readTombstones), words, options.sweep), settings, env);
  const dryRun = options.dryRun === true;
  const host = await realHost(settings.stateDir.value, version);
  const lock = dryRun ? undefined : await lockState(host, settings, "a sweep of this state directory is running");
  let restored: Awaited<ReturnType<typeof restore>>;
  try {
    const targets = places.map(({ target }) => target);
    const pass = startPass(host, {
      targets,
      witnesses: [],
      policy: policyFrom(settings, {}),
      stop: { signal: undefined },
      callers: noCallers,
    });
    restored = await restore(pass, places, dryRun);
  } finally {
    lock?.release();
  }
  const { outcomes, problems } = restored;
  await writeWarnings(stderr, problems);
  const isIncomplete = outcomes.some(({ action }) => action === "failed" || action === "newcomer");
  const exitCode = isIncomplete ? exitCodes.partial : exitCodes.done;
  if (options.json === true) {
    const entries = outcomes.map(({ tombstone, action, detail }) => ({
      registry: tombstone.registry,
      format: tombstone.format,
      key: tombstone.key,
      tombstone: tombstone.id,
      action,
      detail,
    }));
    await writeDocument(stdout, { command: "restore", dryRun, entries, exitCode });
    return exitCode;
  }
  const lines = outcomes.map(
    ({ tombstone, action, detail }) =>
      `${visible(tombstone.key)}  ${action}  ${visible(tombstone.registry)}${detail === "" ? "" : `: ${visible(detail)}`}`,
  );
  await writeLines(stdout, lines);
  return exitCode;
};
