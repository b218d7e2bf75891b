import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isNumberedLockHeld, takeNumberedLock, type TakenNumber } from "../../../src/host/sockets/numbered-lock.ts";
import { leaveOut } from "../../cli/harness.ts";
import { launch, stop, type Running } from "../../processes.ts";
import { isRoot } from "../../users.ts";
import { scratchDirectory } from "../scratch.ts";

const take = (directory: string): Promise<TakenNumber> => takeNumberedLock(directory, "run", () => "me");

function held(taken: TakenNumber): { readonly release: () => void } {
  if (taken.kind !== "held") throw new Error(`the lock is ${taken.kind}`);
  return taken.lock;
}

/**
 * Takes the lock over and over. Each holder makes a witness that must not be there, unless its maker was killed; the parent
 * hears of every second holder.
 */
const contender = `
  import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
  import { takeNumberedLock } from "./src/host/sockets/numbered-lock.ts";
  const [directory, witness] = process.argv.slice(2);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // A killed process closes its sockets before it is a zombie; the kernel marks it as exiting (PF_EXITING) before both.
  const isAlive = (pid) => {
    try { return (Number(readFileSync("/proc/" + pid + "/stat", "utf8").split(") ").at(-1).split(" ")[6]) & 4) === 0; } catch { return false; }
  };
  function bear() {
    for (;;) {
      try {
        const fd = openSync(witness, "wx");
        writeSync(fd, String(process.pid));
        closeSync(fd);
        return;
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
        const other = Number(readFileSync(witness, "utf8"));
        if (other !== 0 && isAlive(other)) { process.stdout.write("two holders: " + other + " and " + process.pid + "\\n"); return; }
        unlinkSync(witness);
      }
    }
  }
  for (;;) {
    const taken = await takeNumberedLock(directory, "run", () => "");
    if (taken.kind === "held") {
      bear();
      process.stdout.write("held\\n");
      await pause(Math.random() * 3);
      unlinkSync(witness);
      taken.lock.release();
    } else if (taken.kind === "unsupported") throw new Error(taken.why);
    await pause(Math.random() * 4);
  }`;

const place = mkdtempSync(join(tmpdir(), "sessreap-contender-"));
const program = join(place, "contender.mjs");
afterAll(() => rmSync(place, { recursive: true }));
beforeAll(async () => {
  await build({
    stdin: { contents: contender, resolveDir: join(import.meta.dirname, "../../..") },
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
  });
});

type Arena = { readonly directory: string; readonly witness: string; readonly said: string[] };

function newArena(): Arena {
  const scratch = scratchDirectory();
  const directory = join(scratch, "state");
  mkdirSync(directory, { mode: 0o700 });
  return { directory, witness: join(scratch, "witness"), said: [] };
}

function compete({ directory, witness, said }: Arena, network: "shared" | "own"): Pick<Running, "child"> {
  const words = [process.execPath, program, directory, witness];
  const [file, ...args] = network === "own" ? ["unshare", "-n", ...words] : words;
  const child = launch(file as string, args, { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout?.on("data", (text: Buffer) => said.push(text.toString()));
  return { child };
}

const wrongIn = ({ said }: Arena): readonly string[] =>
  said
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("two holders"));
const timesHeld = ({ said }: Arena): number => said.join("").split("held\n").length - 1;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** How many are killed; a night takes more: `SESSREAP_LOCK_KILLS=5000 npx vitest run test/host/sockets`. */
const kills = Number(process.env["SESSREAP_LOCK_KILLS"] ?? 100);

async function killAtRandom(arena: Arena, networks: readonly ("shared" | "own")[]): Promise<void> {
  const contenders = networks.map((network) => ({ network, ...compete(arena, network) }));
  await expect.poll(() => timesHeld(arena), { timeout: 30_000 }).toBeGreaterThan(20);
  for (let killed = 0; killed < kills; killed += 1) {
    const at = randomInt(contenders.length);
    const { network, child } = contenders[at] as (typeof contenders)[number];
    await pause(randomInt(30));
    await stop({ child });
    contenders[at] = { network, ...compete(arena, network) };
  }
  const before = timesHeld(arena);
  await expect.poll(() => timesHeld(arena), { timeout: 30_000 }).toBeGreaterThan(before + 20);
  await Promise.all(contenders.map(stop));
}

/** Every file of the lock but the number that is over. */
const left = ({ directory }: Arena): readonly string[] => readdirSync(directory).filter((name) => name !== "run.done");

if (!isRoot) leaveOut("contenders in several network namespaces", "only root can make one");

test("twenty contenders that are killed at any moment, in several networks: never two holders, never stuck, nothing left", async () => {
  const arena = newArena();
  await killAtRandom(
    arena,
    Array.from({ length: 20 }, (_, index) => (isRoot && index % 3 !== 0 ? "own" : "shared")),
  );
  expect(wrongIn(arena)).toEqual([]);
  held(await take(arena.directory)).release();
  expect(left(arena)).toEqual([]);
}, 300_000);

test("the witness would tell of two holders", async () => {
  const arena = newArena();
  writeFileSync(arena.witness, String(process.pid));
  const contending = compete(arena, "shared");
  await expect.poll(() => wrongIn(arena).length, { timeout: 30_000 }).toBeGreaterThan(0);
  // It would write where the test has cleaned up.
  await stop(contending);
});

test("a holder that is stopped still holds", async () => {
  const arena = newArena();
  const { child } = compete(arena, "shared");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  // Stopped while it holds, which the witness shows.
  await expect
    .poll(
      () => {
        child.kill("SIGSTOP");
        const stopped = /^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, "utf8"));
        if (stopped && existsSync(arena.witness)) return true;
        child.kill("SIGCONT");
        return false;
      },
      { timeout: 20_000, interval: 2 },
    )
    .toBe(true);
  expect(await take(arena.directory)).toEqual({ kind: "taken" });
  expect(await isNumberedLockHeld(arena.directory, "run")).toBe(true);
  await stop({ child });
  expect(await isNumberedLockHeld(arena.directory, "run")).toBe(false);
  held(await take(arena.directory)).release();
});

test("in a directory with a path longer than a socket's address", async () => {
  const directory = join(scratchDirectory(), "d".repeat(200));
  mkdirSync(directory);
  const lock = held(await take(directory));
  expect(await take(directory)).toEqual({ kind: "taken" });
  lock.release();
  held(await take(directory)).release();
});
