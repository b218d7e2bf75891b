import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { LookAtUsers } from "../../src/host/locks/file-users.ts";
import { readRegistryFile, type ReadFile } from "../../src/host/files/files.ts";
import { memberKey, scan } from "../../src/registries/json/json-bytes.ts";
import { cutsFor, keptSpans } from "../../src/registries/json/json-cuts.ts";
import type { Span } from "../../src/registries/json/json-members.ts";

const made: string[] = [];

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

export function scratchDirectory(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, "sessreap-test-"));
  made.push(path);
  return path;
}

export const before = '{\n  "live": { "pid": 1 },\n  "ghost": { "pid": 2 }\n}\n';
export const after = '{\n  "live": { "pid": 1 }\n}\n';

export type Registry = { readonly directory: string; readonly path: string };

/** A registry with one live session and one ghost, alone in its directory. */
export function registryIn(directory = scratchDirectory()): Registry {
  const path = join(directory, "registrations.json");
  writeFileSync(path, before);
  return { directory, path };
}

export function readNow(path: string): ReadFile {
  const read = readRegistryFile(path);
  if (read.kind !== "read") throw new Error(`the registry was not read: ${JSON.stringify(read)}`);
  return read.file;
}

export function withoutGhost({ bytes }: ReadFile): readonly Span[] {
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const result = scan(source, "");
  if (!result.ok) throw new Error(result.problem);
  const { container } = result;
  const ghosts = Array.from({ length: container.members.length }, (_, index) => index).filter(
    (index) => memberKey(source, container, index) === "ghost",
  );
  return keptSpans(bytes.length, cutsFor(container, ghosts));
}

export const dead = (): Promise<boolean> => Promise.resolve(true);

/** No process has a file open: what runs beside a test may be hidden from it, which would be a doubt. */
export const unused: LookAtUsers = (fds) => fds.map(() => undefined);

export const content = ({ path }: Registry): string => readFileSync(path, "utf8");

/** What lies beside the registry and is not the registry. */
export const leftovers = ({ directory }: Registry): readonly string[] =>
  readdirSync(directory).filter((name) => name !== "registrations.json");

/** What of a directory this process has open, the directory itself included. */
export function openIn(directory: string): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path === directory || path.startsWith(`${directory}/`) ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** The code of the system error that something ends with. */
export function codeOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}
