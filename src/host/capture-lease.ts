import { captureScript } from "./capture-script.ts";

/** A file that stands aside, in a directory that this process holds open. */
export type Held = { readonly directoryFd: number; readonly name: string; readonly bytes: Buffer };

/** `unknown` where no lease can be had: then it is looked at and dropped without one. */
export type LeaseAnswer = "dropped" | "busy" | "changed" | "late" | "unknown";

const answers: Readonly<Record<string, LeaseAnswer>> = { d: "dropped", b: "busy", c: "changed", l: "late" };

/** An opener that had found the file before it was taken aside gets this long to arrive, in ms. */
const onTheWayMs = 2;

const patienceMs = 15_000;

function framed(part: Buffer): readonly Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return [length, part];
}

/** So much content, in bytes, is handed over at once. */
const handfulBytes = 16 * 1024 * 1024;

function* handfuls(files: readonly Held[]): Generator<readonly Held[], undefined> {
  let [held, size] = [[] as Held[], 0];
  for (const file of files) {
    held.push(file);
    size += file.bytes.length;
    if (size < handfulBytes) continue;
    yield held;
    [held, size] = [[], 0];
  }
  if (held.length > 0) yield held;
}

function dropHandful(files: readonly Held[]): readonly LeaseAnswer[] {
  // Another process looks through our descriptors: its own are another's.
  const pathOf = ({ directoryFd, name }: Held): Buffer => Buffer.from(`/proc/${process.pid}/fd/${directoryFd}/${name}`);
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { status, stdout } = spawnSync("perl", ["-f", "-e", captureScript, "--", String(onTheWayMs / 1000)], {
    input: Buffer.concat(files.flatMap((file) => [...framed(pathOf(file)), ...framed(file.bytes)])),
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  if (status !== 0 || stdout.length !== files.length) return files.map(() => "unknown");
  return Array.from(stdout, (letter) => answers[String.fromCharCode(letter)] ?? "unknown");
}

/** Drops what nobody has open and still holds the very bytes; answers in the order of the files. */
export function dropLeased(files: readonly Held[]): readonly LeaseAnswer[] {
  if (process.platform !== "linux") return files.map(() => "unknown");
  return [...handfuls(files)].flatMap((handful) => dropHandful(handful));
}
