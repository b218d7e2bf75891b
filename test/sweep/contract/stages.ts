import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { seen, type Observed } from "../../../src/core/evidence.ts";
import { realHost } from "../../../src/host/real-host.ts";
import { readTombstones } from "../../../src/host/state/tombstones.ts";
import { bootId, gonePid, pretend, start, stop, type Running } from "../../processes.ts";
import { chanceFrom } from "../../sim/chance.ts";
import { Machine } from "../../sim/machine.ts";
import { nobody, simulatedHost, State } from "../../sim/simulated-host.ts";
import type { Actor, Stage } from "./stage.ts";

const monthMs = 30 * 86_400_000;

/** The simulated machine. Nothing that the scene does not do happens on it. */
export function simulatedStage(): Stage {
  const machine = new Machine(chanceFrom(1));
  machine.synchronised = true;
  const state = new State();
  const { disk } = machine;
  const spawn = (argv: readonly string[]): Promise<Actor> => Promise.resolve(machine.spawn(argv));
  const end = ({ pid }: Actor): Promise<void> => Promise.resolve(machine.kill(machine.processes.get(pid)));
  const owner = ["bridge.mjs", "watch"];
  return {
    host: simulatedHost(machine, state, new Set(), nobody),
    root: "/stage",
    bootId: machine.bootId,
    now: () => machine.wallMs,
    later: (ms) => machine.advance(ms),
    alive: () => spawn(["claude"]),
    gone: async () => {
      const actor = await spawn(["claude"]);
      await end(actor);
      return actor;
    },
    end,
    attach: async (id) => void (await spawn(["codex", "resume", id])),
    startOwner: async () => void (await spawn(["node", ...owner])),
    owner,
    write: (path, text, manner = "in-place") => disk.write(path, text, machine.wallMs, manner),
    writeOld: (path, text) => void disk.create(path, text, machine.wallMs - monthMs),
    remove: (path) => disk.remove(path),
    read: (path) => disk.at(path)?.text,
    files: () => disk.below("/stage").map(({ path }) => relative("/stage", path)),
    tombstones: () => [...state.tombstones.values()],
  };
}

const shifted = (value: Observed<number>, byMs: number): Observed<number> => (value.seen ? seen(value.value + byMs) : value);

/** This machine: processes that run, files in a scratch directory, and a clock that may be told that time has passed. */
export async function realStage(): Promise<{ readonly stage: Stage; readonly leave: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-contract-"));
  const [root, stateDir] = [join(directory, "stage"), join(directory, "state")];
  for (const path of [root, stateDir]) mkdirSync(path);
  const host = await realHost(stateDir, "0.0.0");
  const running = new Map<number, Running>();
  let laterMs = 0;
  const claude = async (): Promise<Running> => {
    const actor = await start("/bin/sh", ["-c", "read never"], { argv0: "claude" });
    running.set(actor.pid, actor);
    return actor;
  };
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const script = join(directory, `bridge-${randomUUID()}.mjs`);
  const stage: Stage = {
    host: {
      ...host,
      homeOf: () => directory,
      isClockSynchronised: () => seen(true),
      clock: () => {
        const { wallMs, bootMs, awakeMs } = host.clock();
        return { wallMs: shifted(wallMs, laterMs), bootMs: shifted(bootMs, laterMs), awakeMs: shifted(awakeMs, laterMs) };
      },
    },
    root,
    bootId: bootId(),
    now: () => Date.now() + laterMs,
    later: (ms) => {
      laterMs += ms;
    },
    alive: claude,
    gone: gonePid,
    end: (actor) => stop(running.get(actor.pid) as Running),
    attach: async (id) => void (await pretend(directory, ["codex", "resume", id])),
    startOwner: async () => {
      writeFileSync(script, "process.stdin.resume();\n");
      await start(process.execPath, [script, "watch"], { argv0: "node" });
    },
    owner: [script, "watch"],
    write: (path, text, manner = "in-place") => {
      if (manner === "in-place") put(path, text);
      else {
        put(`${path}.writer`, text);
        renameSync(`${path}.writer`, path);
      }
    },
    writeOld: (path, text) => {
      put(path, text);
      const at = (Date.now() - monthMs) / 1000;
      utimesSync(path, at, at);
    },
    remove: (path) => rmSync(path),
    read: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
    files: () =>
      readdirSync(root, { recursive: true })
        .map(String)
        .filter((name) => statSync(join(root, name)).isFile()),
    tombstones: () => readTombstones(stateDir),
  };
  return { stage, leave: () => rmSync(directory, { recursive: true, force: true }) };
}
