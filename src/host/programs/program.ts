import { readlinkSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Observed } from "../../core/evidence.ts";
import type { FileName, Program } from "../../core/harnesses/ownership-signs.ts";
import { look } from "../observed.ts";
import { lockedFilesOf } from "../processes/open-files.ts";
import { readStat } from "../processes/proc-stat.ts";

function fileAt(path: string, place: string): FileName {
  const { dev, ino } = statSync(place);
  return { path, file: `${dev}:${ino}` };
}

/** The script that a process was told to run. A process in a root of its own is told of its own files. */
function scriptAt(pid: number, target: string): FileName | undefined {
  const found = look(target, () => {
    const path = resolve(readlinkSync(`/proc/${pid}/cwd`), target);
    const file = fileAt(path, `/proc/${pid}/root${path}`);
    return { ...file, path: readlinkSync(`/proc/${pid}/root`) === "/" ? realpathSync(path) : path };
  });
  return found.seen ? found.value : undefined;
}

/** What a process runs, told by its files. `target` is what its arguments say that a runtime was told to run. */
export function programOf(
  { pid, startTicks }: { readonly pid: number; readonly startTicks: string },
  target: string | undefined,
): Observed<Program> {
  return look(`the program of pid ${pid}`, () => {
    const exe = fileAt(readlinkSync(`/proc/${pid}/exe`), `/proc/${pid}/exe`);
    const script = target === undefined ? undefined : scriptAt(pid, target);
    const locked = look("its locks", () => lockedFilesOf(pid));
    if (readStat(pid).startTicks !== startTicks) throw new Error("another process has taken its pid");
    return { exe, script, locked };
  });
}
