import { formatDuration } from "../../core/duration.ts";
import type { FleetHost, FleetRead } from "../../host/databases/fleet.ts";
import type { DatabaseQuestion } from "../../host/databases/server-read.ts";
import { createHosts, hostsTable } from "../../registries/rows/fleet-statements.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { questionFor } from "../../sweep/load/load-rows.ts";
import type { Target } from "../../sweep/load/target.ts";
import type { JudgingOptions } from "../config/settings.ts";
import type { Invocation, OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeDocument, writeLines } from "../output.ts";
import { prepare } from "../prepare.ts";

type FleetOptions = JudgingOptions & OutputOptions & { readonly dryRun?: boolean };

type Asked = { readonly target: Target; readonly question: DatabaseQuestion };

/** The tables of servers that a configuration names. */
function serversIn(targets: readonly Target[]): readonly Asked[] {
  return targets.flatMap((target) => {
    const { server, format } = target;
    return server === undefined || format.layout !== "rows" ? [] : [{ target, question: questionFor(target, server, format) }];
  });
}

function hostLine({ machine, rows, bootId, seenAgoMs, silent }: FleetHost, ours: string): string {
  const swept =
    seenAgoMs === null ? "never swept" : `swept ${formatDuration(Math.max(0, seenAgoMs))} ago${silent === true ? ", silent" : ""}`;
  const name = `${visible(machine)}${machine === ours ? " (this one)" : ""}`;
  return `  ${name.padEnd(24)} ${String(rows).padStart(6)} open  ${swept}${bootId === null ? "" : `  boot ${visible(bootId.slice(0, 8))}`}`;
}

function linesOf({ target, question }: Asked, read: FleetRead, sql: readonly string[]): readonly string[] {
  const head = `${visible(question.table)} in ${visible(target.path)}`;
  if (read.kind === "unread") return [head, `  cannot be read: ${visible(read.problem, 1000)}`];
  const none = read.hasHosts || sql.length > 0 ? [] : [`  there is no table ${hostsTable}; "sessreap fleet init" makes it`];
  return [
    head,
    ...sql.flatMap((one) => one.split("\n").map((line) => `  ${line}`)),
    ...read.hosts.map((one) => hostLine(one, question.machine)),
    ...none,
  ];
}

export const runFleet: Run<FleetOptions> = (invocation) => {
  const [verb, ...more] = invocation.words;
  if (verb !== "init" || more.length > 0) throw new Failure("usage", 'fleet takes one word, "init"; "list --fleet" shows the machines');
  return showFleet(invocation, true);
};

/** Shows every machine that shares a table, and makes the table in which they say that they have swept, where that is asked for. */
export async function showFleet({ options, stdout, ...invocation }: Invocation<FleetOptions>, init: boolean): Promise<number> {
  const { host, examine } = await prepare({ ...invocation, options, stdout });
  const asked = serversIn(examine.targets);
  if (asked.length === 0) throw new Failure("not-found", "no configuration names a table of a PostgreSQL server (postgres-table)");
  const servers = [];
  const lines: string[] = [];
  for (const one of asked) {
    const { target, question } = one;
    let read = await host.readFleet(question);
    const isMade = init && read.kind === "read" && !read.hasHosts;
    const sql = isMade && read.kind === "read" ? createHosts(read.schema) : [];
    if (isMade && read.kind === "read" && options.dryRun !== true) {
      const problem = await host.initFleet(question, read.schema);
      read = problem === undefined ? await host.readFleet(question) : { kind: "unread", problem };
    }
    lines.push(...linesOf(one, read, sql));
    servers.push({
      registry: target.path,
      table: question.table,
      machine: question.machine,
      problem: read.kind === "unread" ? read.problem : null,
      hasHosts: read.kind === "read" && read.hasHosts,
      sql: [...sql],
      hosts: read.kind === "read" ? [...read.hosts] : [],
    });
  }
  const exitCode = servers.some(({ problem }) => problem !== null) ? exitCodes.partial : exitCodes.done;
  if (options.json === true) await writeDocument(stdout, { command: "fleet", dryRun: init && options.dryRun === true, servers, exitCode });
  else await writeLines(stdout, lines);
  return exitCode;
}
