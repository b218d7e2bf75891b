import type { LastRun } from "./model/last-run.ts";
import { postures } from "./guards.ts";

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** Label values escape backslash, quote and newline (Prometheus text format 0.0.4). */
function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function sampleLine(name: string, { labels, value }: Sample): string {
  const said = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${said.length === 0 ? "" : `{${said.join(",")}}`} ${value}`;
}

function family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): readonly string[] {
  if (samples.length === 0) return [];
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => sampleLine(name, sample))];
}

function seconds(time: string | null): readonly Sample[] {
  return time === null ? [] : [{ labels: {}, value: Date.parse(time) / 1000 }];
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

/** What node_exporter's textfile collector reads. Every posture is a sample, so that a query needs no regular expression. */
export function metricsText(run: LastRun): string {
  const verdicts = run.registries.flatMap(({ format, path, verdicts: counts }) => {
    return Object.entries(counts).map(([verdict, value]) => ({ labels: { registry: path, format, verdict }, value }));
  });
  const machines = run.registries.flatMap(({ path, machines: counts }) => {
    return Object.entries(counts ?? {}).map(([state, value]) => ({ labels: { registry: path, state }, value }));
  });
  const guards = [{ path: "", posture: run.posture }, ...run.registries];
  const postureSamples = guards.flatMap(({ path, posture: now }) => {
    return postures.map((posture) => ({ labels: { registry: path, posture }, value: posture === now ? 1 : 0 }));
  });
  const lines = [
    ...family("sessreap_last_run_timestamp_seconds", "gauge", "When the last sweep finished.", seconds(run.finished)),
    ...family("sessreap_last_success_timestamp_seconds", "gauge", "When a sweep last finished and nothing failed.", seconds(run.lastOk)),
    ...family("sessreap_last_run_success", "gauge", "1 if nothing failed in the last sweep.", one(run.ok === true ? 1 : 0)),
    ...family("sessreap_last_run_duration_seconds", "gauge", "How long the last sweep took.", one((run.durationMs ?? 0) / 1000)),
    ...family("sessreap_registrations", "gauge", "Registrations of the last sweep by verdict, before it reaped.", verdicts),
    ...family("sessreap_machines", "gauge", "Machines that share a table of a server, by whether they sweep.", machines),
    ...family("sessreap_reaped_total", "counter", "Ghosts reaped by all sweeps of this state directory.", one(run.reapedTotal)),
    ...family("sessreap_posture", "gauge", "1 for how the guard stands; the empty registry is the whole sweep.", postureSamples),
    ...family("sessreap_build_info", "gauge", "The version that swept.", [{ labels: { version: run.version }, value: 1 }]),
  ];
  return `${lines.join("\n")}\n`;
}
