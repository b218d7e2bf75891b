import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, lutimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { bootId, type Running } from "../processes.ts";
import { filesOf, placeholders } from "./fixtures.ts";

const monthAgo = (): number => Math.floor(Date.now() / 1000) - 30 * 86_400;

const sessionIds = /\b(?!0{8})[\da-f]{8}(?=-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b)/g;
const runId = randomUUID().slice(0, 8);

/** A fixture's session ids under this run's own first digits: no other process of the machine carries such an id in its arguments. */
export const withOwnIds = (text: string): string => text.replaceAll(sessionIds, (first) => xor(first, runId));

const xor = (first: string, second: string): string =>
  ((Number.parseInt(first, 16) ^ Number.parseInt(second, 16)) >>> 0).toString(16).padStart(8, "0");

/** The facts of a real process and of this machine in the place of the fixture's own. */
export function withFacts(text: string, { pid, startTicks }: Pick<Running, "pid" | "startTicks">): string {
  const machineId = readFileSync("/etc/machine-id", "utf8").trim();
  return withOwnIds(text)
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
    const said = withFacts(change(text), holder);
    // A file of such a fixture says where a symbolic link leads.
    if (folder.startsWith("symlink/")) symlinkSync(said, to);
    else writeFileSync(to, said);
    lutimesSync(to, monthAgo(), monthAgo());
  }
}
