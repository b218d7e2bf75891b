import captureProgram from "./capture.pl";
import { perlCall } from "../programs/perl.ts";

/** A file in quarantine, in a directory that this process holds open. */
export type QuarantinedFile = { readonly directoryFd: number; readonly name: string; readonly bytes: Buffer };

/** `unknown` where no lease can be had: then it is looked at and dropped without one. */
export type LeaseAnswer = "dropped" | "busy" | "changed" | "late" | "unknown";

const answers: Readonly<Record<string, LeaseAnswer>> = { d: "dropped", b: "busy", c: "changed", l: "late" };

/** An opener that had found the file before it went into quarantine gets this long to arrive, in ms. */
const onTheWayMs = 2;

const patienceMs = 15_000;

/** So much content, in bytes, is handed over at once. */
const batchBytes = 16 * 1024 * 1024;

function* batches(files: readonly QuarantinedFile[]): Generator<readonly QuarantinedFile[], undefined> {
  let [batch, size] = [[] as QuarantinedFile[], 0];
  for (const file of files) {
    batch.push(file);
    size += file.bytes.length;
    if (size < batchBytes) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** What the program reads: of each file its directory, where it is another than the one before, its name and its content. */
function packed(files: readonly QuarantinedFile[]): Buffer {
  const parts: Buffer[] = [];
  let before: number | undefined;
  for (const { directoryFd, name, bytes } of files) {
    // Another process looks through our descriptors: its own are another's.
    const directory = directoryFd === before ? "" : `/proc/${process.pid}/fd/${directoryFd}`;
    before = directoryFd;
    const nameLength = Buffer.byteLength(name);
    const head = Buffer.allocUnsafe(12 + directory.length + nameLength);
    let at = head.writeUInt32BE(directory.length);
    at += head.write(directory, at, "latin1");
    at = head.writeUInt32BE(nameLength, at);
    at += head.write(name, at);
    head.writeUInt32BE(bytes.length, at);
    parts.push(head, bytes);
  }
  return Buffer.concat(parts);
}

function dropBatch(files: readonly QuarantinedFile[]): readonly LeaseAnswer[] {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { args, env } = perlCall(captureProgram, String(onTheWayMs / 1000));
  const { status, stdout } = spawnSync("perl", args, {
    input: packed(files),
    stdio: ["pipe", "pipe", "ignore"],
    env,
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  if (status !== 0 || stdout.length !== files.length) return files.map(() => "unknown");
  return Array.from(stdout, (letter) => answers[String.fromCharCode(letter)] ?? "unknown");
}

/** Drops files that no process has open and that still hold the very bytes; answers in the order of the files. */
export function dropLeased(files: readonly QuarantinedFile[]): readonly LeaseAnswer[] {
  if (process.platform !== "linux") return files.map(() => "unknown");
  return [...batches(files)].flatMap((batch) => dropBatch(batch));
}
