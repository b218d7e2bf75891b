import { containerOf, contestedReason } from "../../core/identity/contested-name.ts";
import type { Evidence, Here } from "../../core/evidence.ts";
import { quietSweepMs } from "../../core/policy.ts";
import { formatError } from "../../host/observed.ts";
import type { Host } from "../../host/host.ts";
import type { ServerTable } from "../../host/databases/server-read.ts";
import type { ReadRegistry } from "../load/loaded.ts";

/** The tables of servers among registries that have a table of hosts beside them, one a server and name, with the longest time of its rows. */
function tablesOf(registries: readonly ReadRegistry[]): readonly ServerTable[] {
  const tables = registries.flatMap((loaded) =>
    loaded.kind === "rows" && loaded.file.stat === undefined && loaded.file.hasHosts ? [loaded.file] : [],
  );
  // The one that is to pass over silent machines, and of several the one with the longest time, comes last and counts.
  const order = ({ isPassDue, silence }: ServerTable): number => (isPassDue ? (silence?.ttlMs ?? 0) + 1 : 0);
  tables.sort((a, b) => order(a) - order(b));
  const found = new Map<string, ServerTable>();
  for (const table of tables) {
    const name = `${table.realPath} ${table.schema} ${table.machine}`;
    const times = [found.get(name)?.heartbeatTtlMs, table.heartbeatTtlMs].filter((ms) => ms !== undefined);
    found.set(name, { ...table, heartbeatTtlMs: times.length === 0 ? undefined : Math.max(...times) });
  }
  return [...found.values()];
}

/** The id of this machine. One that was never set up says none, and that of a container lasts no longer than the container. */
const machineIdOf = (here: Here): string | undefined =>
  containerOf(here) === undefined && here.machineId?.seen === true && /^[\da-f]{32}$/i.test(here.machineId.value)
    ? here.machineId.value
    : undefined;

/** Why this machine may not sweep under its name; undefined where it may, or no server has a table of hosts. */
export function contested(registries: readonly ReadRegistry[], { here, clock }: Pick<Evidence, "here" | "clock">): string | undefined {
  for (const { own, machine } of tablesOf(registries)) {
    if (own === undefined) continue;
    if (!here.bootId.seen)
      return `which boot this is could not be told (${here.bootId.why}), and a server keeps one under each machine's name`;
    const upMs = clock.bootMs.seen ? clock.bootMs.value : Number.POSITIVE_INFINITY;
    const reason = contestedReason(own, { bootId: here.bootId.value, machineId: machineIdOf(here), upMs }, machine);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** What happened to this machine's rows while it did not sweep. */
export function awayWarnings(registries: readonly ReadRegistry[]): readonly string[] {
  return tablesOf(registries).flatMap(({ realPath, machine, fleet: { releasedMeanwhile: count } }) =>
    count === 0
      ? []
      : [
          `another machine has released ${count} row${count === 1 ? "" : "s"} of "${machine}" in ${realPath} while this one was silent; an agent of these that still runs has to register again`,
        ],
  );
}

/** Says to each server that this machine has swept, or that its name is not its own alone. Returns what could not be said. */
export async function recordHosts(host: Host, registries: readonly ReadRegistry[], isContested: boolean): Promise<readonly string[]> {
  const here = host.here();
  const { bootId } = here;
  if (!bootId.seen) return [];
  const problems: string[] = [];
  for (const table of tablesOf(registries).filter(({ isStandby }) => !isStandby)) {
    try {
      await host.recordHost(
        table,
        { bootId: bootId.value, machineId: machineIdOf(here), pidNamespace: containerOf(here), heartbeatTtlMs: table.heartbeatTtlMs },
        quietSweepMs,
        isContested,
      );
    } catch (error) {
      problems.push(`${table.realPath} does not take that "${table.machine}" has swept: ${formatError(error)}`);
    }
  }
  return problems;
}
