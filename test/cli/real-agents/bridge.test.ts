import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, expect, test } from "vitest";
import { installCodex, startCodexServer } from "../../codex.ts";
import { launch, until } from "../../processes.ts";
import { leaveOut, newScratch, sessreap, type Scratch } from "../harness.ts";

let program: string | undefined;

beforeAll(() => {
  try {
    program = installCodex();
  } catch (error) {
    leaveOut("the example bridge with the real Codex app server", `Codex cannot be installed: ${String(error).split("\n")[0]}`);
  }
}, 180_000);

type Line = Readonly<Record<string, unknown>>;

/** The example, as a person starts it; `said` answers with the first line that has this member. */
function startBridge(scratch: Scratch, path: string, url: string) {
  const child = launch(process.execPath, [resolve("examples/bridge/bridge.mjs"), "serve", path, url], {
    env: { ...scratch.env, SESSREAP_GRACE: "1s" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: Line[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const said = async (member: string): Promise<Line> => {
    await until(`the bridge says ${member}`, () => {
      const fault = lines.find((line) => "error" in line);
      if (fault !== undefined) throw new Error(String(fault["error"]));
      return lines.some((line) => member in line);
    });
    return lines.splice(
      lines.findIndex((line) => member in line),
      1,
    )[0] as Line;
  };
  const command = (line: string): void => void child.stdin?.write(`${line}\n`);
  return { child, said, command };
}

test("register, deliver, exit, gone: the example bridge with the real Codex app server", async ({ skip }) => {
  if (program === undefined) return skip();
  const scratch = newScratch();
  const path = join(scratch.dir, "threads.json");
  const rows = (): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);
  const server = await startCodexServer(program, join(scratch.dir, "codex"), `unix://${scratch.dir}/app.sock`);
  const upAt = Date.now();
  const { child, said, command } = startBridge(scratch, path, server.url);
  expect(await said("ready")).toMatchObject({ ready: "missing" });
  expect(existsSync(path)).toBe(false);
  for (const name of ["mars", "venus", "stays"]) command(`register ${name} ${scratch.dir}`);
  await said("registered");
  command("deliver mars hello");
  expect(await said("delivered")).toMatchObject({ delivered: "mars" });
  expect(rows()).toEqual(["mars", "venus", "stays"]);
  await until("the server is older than the grace period", () => Date.now() - upAt > 1_500);

  command("exit mars");
  expect(await said("gone")).toMatchObject({ gone: "mars", tombstone: expect.any(String) as string });
  expect(rows()).toEqual(["venus", "stays"]);
  command("exit venus");
  expect(await said("gone")).toMatchObject({ gone: "venus" });
  expect(rows()).toEqual(["stays"]);

  const { stdout } = await sessreap(scratch, ["history"]);
  expect(stdout.match(/reapOne, as the owner/g)).toHaveLength(2);
  child.stdin?.end();
  await until("the bridge has ended by itself", () => child.exitCode !== null || child.signalCode !== null);
});
