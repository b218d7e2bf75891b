import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { bootId, type Running } from "../processes.ts";
import { filesOf, placeholders } from "./fixtures.ts";

const monthAgo = (): number => Math.floor(Date.now() / 1000) - 30 * 86_400;

/** The facts of a real process and of this machine in the place of the fixture's own. */
export function withFacts(text: string, { pid, startTicks }: Pick<Running, "pid" | "startTicks">): string {
  const machineId = readFileSync("/etc/machine-id", "utf8").trim();
  return text
    .replaceAll(placeholders.pid, String(pid))
    .replaceAll(placeholders.startTicks, startTicks)
    .replaceAll(placeholders.bootId, bootId())
    .replaceAll(placeholders.machineId, machineId)
    .replaceAll(placeholders.host, JSON.stringify(hostname()));
}

/** Writes a fixture into a home as it was left a month ago, with a real process as its holder. */
export function plant(
  folder: string,
  home: string,
  holder: Pick<Running, "pid" | "startTicks">,
  change: (text: string) => string = (text) => text,
  changeName: (path: string) => string = (path) => path,
): void {
  for (const [path, text] of filesOf(folder)) {
    const to = join(home, withFacts(changeName(path), holder));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, withFacts(change(text), holder));
    utimesSync(to, monthAgo(), monthAgo());
  }
}
