// Runs commands in turns (A B A B …), and sets what they cost beside one another.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const median = (readings) => readings.toSorted((a, b) => a - b)[Math.floor(readings.length / 2)];

/** The runs of each command, in the order of the commands. */
function runInTurns(job, python) {
  const { stdout, status } = spawnSync(python, [join(import.meta.dirname, "measure.py")], {
    input: JSON.stringify(job),
    stdio: ["pipe", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`measure.py ended with ${status}`);
  const runs = job.commands.map(() => []);
  for (const line of stdout.toString().trim().split("\n")) {
    const run = JSON.parse(line);
    runs[run.index].push(run);
  }
  return runs;
}

/** Ratios are taken within each round, because the machine's speed drifts: to the first command, and to the counterpart. */
export function compare(commands, rounds, { scratch, env, python }) {
  const job = { commands, rounds, warmup: rounds > 4 ? 1 : 0, env, output: join(scratch, "output") };
  const runs = runInTurns(job, python);
  return commands.map((command, index) => {
    const { name, task, program } = command;
    const own = runs[index];
    const failed = own.find(({ code }) => code !== 0);
    if (failed !== undefined) throw new Error(`${name} ended with ${failed.code}`);
    const of = (what) => median(own.map((run) => run[what]));
    const against = (other, what) => median(own.map((run, round) => run[what] / runs[other][round][what]));
    const counterpart = commands.findIndex(
      (other) =>
        program !== undefined &&
        program.beside === undefined &&
        other.program?.beside !== undefined &&
        other.task === task &&
        other.program.kind === program.kind,
    );
    return {
      name,
      program,
      wall: of("wall"),
      cpu: of("cpu"),
      peak: of("peak"),
      cpuRatio: against(0, "cpu"),
      wallRatio: against(0, "wall"),
      ...(counterpart < 0 ? {} : { cpuBeside: against(counterpart, "cpu"), wallBeside: against(counterpart, "wall") }),
    };
  });
}

const ms = (seconds) => (seconds < 0.1 ? (seconds * 1000).toFixed(1) : (seconds * 1000).toFixed(0));
const ratio = (value) => value?.toFixed(2) ?? "";

const columns = [
  ["CPU ms", ({ cpu }) => ms(cpu)],
  ["wall ms", ({ wall }) => ms(wall)],
  ["peak MB", ({ peak }) => (peak / 1e6).toFixed(0)],
  ["CPU ×", ({ cpuRatio }) => ratio(cpuRatio)],
  ["wall ×", ({ wallRatio }) => ratio(wallRatio)],
];

/** A table in Markdown; `beside` adds the ratios of each program of ours to the one of that name. */
export function tableOf(results, beside) {
  const all =
    beside === undefined
      ? columns
      : [...columns, [`CPU × ${beside}`, ({ cpuBeside }) => ratio(cpuBeside)], [`wall × ${beside}`, ({ wallBeside }) => ratio(wallBeside)]];
  return [
    `| command | ${all.map(([title]) => title).join(" | ")} |`,
    `|---|${all.map(() => "---:|").join("")}`,
    ...results.map((result) => `| ${result.name} | ${all.map(([, cell]) => cell(result)).join(" | ")} |`),
  ].join("\n");
}
