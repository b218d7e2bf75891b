import { readFileSync, statSync } from "node:fs";
import { look } from "../observed.ts";
import { listPids } from "../processes/pids.ts";
import { searchPath } from "../search-path.ts";
import { sleepSync } from "../sleep-sync.ts";
import { isLocalType } from "./file-system.ts";

/** Whether what is mounted somewhere answers, and until when that counts. */
type Answer = { readonly untilMs: number; readonly isGiven: boolean };

/** How long it has to answer, and for how long its answer counts, in ms. */
const [patienceMs, validMs] = [3_000, 10_000];

const pauseMs = 2;

let mounts: { readonly untilMs: number; readonly places: ReadonlySet<string> } | undefined;
const answers = new Map<string, Answer>();

/** Where other machines' and other programs' file systems are mounted (proc_pid_mountinfo(5)); the root is none. */
function servedPlaces(nowMs: number): ReadonlySet<string> {
  if (mounts !== undefined && nowMs < mounts.untilMs) return mounts.places;
  const places = new Set<string>();
  try {
    for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
      const [own = "", behind = ""] = line.split(" - ");
      const place = own.split(" ")[4]?.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));
      if (place !== undefined && place !== "/" && !isLocalType(behind.split(" ")[0] ?? "")) places.add(place);
    }
  } catch {
    // Without /proc nothing is known of what is mounted.
  }
  mounts = { untilMs: nowMs + validMs / 10, places };
  return places;
}

/** Whether a look that began earlier, by this user, has not ended yet: it can wait where not even a signal ends it. */
function isAskedAlready(words: readonly string[]): boolean {
  const uid = process.geteuid?.();
  const asked = `${words.join("\0")}\0`;
  return listPids().some((pid) => {
    const line = look("its arguments", () => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    return line.seen && line.value === asked && statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid;
  });
}

/** A child of ours that has ended stays as a zombie until Node waits for it, which it cannot do meanwhile. */
function hasEnded(pid: number): boolean {
  const stat = look("its state", () => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return !stat.seen || /^ [ZX]/.test(stat.value.slice(stat.value.lastIndexOf(")") + 1));
}

/** Another process looks: this one could not be ended any more where the look never ends, and nor may that one. */
function answersInTime(path: string): boolean {
  const words = ["ls", "-dL", "--", path] as const;
  if (isAskedAlready(words)) return false;
  const { spawn } = process.getBuiltinModule("node:child_process");
  const [program, ...args] = words;
  const child = spawn(program, args, { stdio: "ignore", cwd: "/", env: { PATH: searchPath() } });
  child.on("error", () => undefined);
  child.unref();
  const { pid } = child;
  // Without that program nothing is known of it.
  if (pid === undefined) return true;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pauseMs) {
    if (hasEnded(pid)) return true;
    sleepSync(pauseMs);
  }
  child.kill("SIGKILL");
  return false;
}

/** A file system that hangs is not looked at, or the whole sweep would hang with it, deaf to any signal. */
export class HangingFileSystem extends Error {
  constructor(place: string) {
    super(`lies in what is mounted at ${place}, which does not answer`);
  }
}

export const hangingCure = "mend what serves it, or unmount it (umount -l)";

/** Throws where a part of a path is the place of a file system that does not answer; `behind` are the parts that follow. */
export function assertAnswers(trail: readonly string[], behind: readonly string[]): void {
  const nowMs = performance.now();
  const places = servedPlaces(nowMs);
  if (places.size === 0) return;
  const place = `/${trail.join("/")}`;
  if (!places.has(place)) return;
  let answer = answers.get(place);
  if (answer === undefined || nowMs >= answer.untilMs) {
    const isGiven = answersInTime([place, ...behind].join("/"));
    answer = { untilMs: performance.now() + validMs, isGiven };
    answers.set(place, answer);
  }
  if (!answer.isGiven) throw new HangingFileSystem(place);
}

/** Whether anything is mounted that could cease to answer. */
export const isAnythingServed = (): boolean => servedPlaces(performance.now()).size > 0;
