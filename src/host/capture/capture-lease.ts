import type { FileState } from "../files/file-state.ts";
import { errorCode } from "../observed.ts";
import { perlCall } from "../programs/perl.ts";
import leaseProgram from "../locks/lease.pl";
import captureProgram from "./capture.pl";

/** A file that is to go, in a directory that this process holds open. */
export type LeasedFile = {
  readonly directoryFd: number;
  readonly name: string;
  readonly quarantined: string;
  /** The name of the file that takes its place, beside it; undefined where it only goes. */
  readonly next: string | undefined;
  readonly state: FileState;
  readonly bytes: Buffer;
};

/**
 * `taken`: another file has got the name, which was to be given to the next one. `late`: a process came to open it. `stuck`: it is in quarantine and could not go back. `untried`: no lease can be had, and
 * nothing was done. `cut`: the program took too long and was ended. `unknown`: it ended without an answer.
 */
export type LeaseAnswer = Answer | { readonly problem: string };

type Answer = "dropped" | "busy" | "changed" | "gone" | "late" | "taken" | "stuck" | "untried" | "cut" | "unknown";

const answers: Readonly<Record<string, Answer>> = {
  d: "dropped",
  b: "busy",
  c: "changed",
  g: "gone",
  l: "late",
  t: "taken",
  s: "stuck",
  u: "untried",
};

/** An opener that had found the file before it went into quarantine gets this long to arrive, in ms. */
const onTheWayMs = 2;

const patienceMs = 15_000;

/** So much content, in bytes, and so many files are handed over at once: a loaded machine takes a hundred times as long. */
const batchBytes = 16 * 1024 * 1024;
const batchFiles = 1024;

function* batches(files: readonly LeasedFile[]): Generator<readonly LeasedFile[], undefined> {
  let [batch, size] = [[] as LeasedFile[], 0];
  for (const file of files) {
    batch.push(file);
    size += file.bytes.length;
    if (size < batchBytes && batch.length < batchFiles) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

function field(content: string | Buffer): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** What the program reads: of each file its directory, where it is another than the one before, its names, its state and its content. */
function packed(files: readonly LeasedFile[]): Buffer {
  const parts: Buffer[] = [];
  let before: number | undefined;
  for (const { directoryFd, name, quarantined, next = "", state, bytes } of files) {
    // Another process looks through our descriptors: its own are another's.
    const directory = directoryFd === before ? "" : `/proc/${process.pid}/fd/${directoryFd}`;
    before = directoryFd;
    const judged = `${state.dev} ${state.ino} ${Math.floor(state.mtimeMs / 1000)}`;
    parts.push(...[directory, name, quarantined, next, judged, bytes].map(field));
  }
  return Buffer.concat(parts);
}

function dropBatch(files: readonly LeasedFile[]): readonly LeaseAnswer[] {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { args, env } = perlCall(leaseProgram + captureProgram, String(onTheWayMs / 1000));
  const { status, stdout, error } = spawnSync("perl", args, {
    input: packed(files),
    stdio: ["pipe", "pipe", "ignore"],
    env,
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  if (errorCode(error) === "ENOENT") return files.map(() => "untried");
  if (errorCode(error) === "ETIMEDOUT") return files.map(() => "cut");
  const [letters = "", ...problems] = (stdout ?? "").toString().split("\n");
  if (status !== 0 || letters.length !== files.length) return files.map(() => "unknown");
  const failed = problems.values();
  return Array.from(letters, (letter) => answers[letter] ?? (letter === "e" ? { problem: failed.next().value ?? "" } : "unknown"));
}

/** Drops files that no process writes to or has locked and that are the judged ones; answers in the order of the files. */
export function dropLeased(files: readonly LeasedFile[]): readonly LeaseAnswer[] {
  if (process.platform !== "linux") return files.map(() => "untried");
  return [...batches(files)].flatMap((batch) => dropBatch(batch));
}
