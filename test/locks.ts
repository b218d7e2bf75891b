import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { launch } from "./processes.ts";

/** How a process can lock a whole file (flock(2), fcntl(2)), in Perl, for Node has none of them. */
const manners = {
  flock: "flock($file, 2)",
  posix: 'fcntl($file, 6, my $whole = pack("s s x4 q q l x4", 1, 0, 0, 0, 0))',
  ofd: 'fcntl($file, 37, my $whole = pack("s s x4 q q l x4", 1, 0, 0, 0, 0))',
} as const;

export type Manner = keyof typeof manners;
export const everyManner = Object.keys(manners) as readonly Manner[];

/** A process of a test that says something once it has what it is to have. */
export type Holder = { readonly pid: number; readonly child: ChildProcess; readonly said: readonly string[] };

/** Runs Perl, started by `within`, and waits until it has said so many lines. It may run on under another argv. */
async function perl(script: string, path: string, within: readonly string[], lines = 1): Promise<Holder> {
  const [file, ...args] = [...within, "perl", "-e", `$| = 1; ${script}`];
  // The path comes by way of the environment, so that no argument carries it.
  const child = launch(file, args, { env: { ...process.env, LOCKED: path }, stdio: ["ignore", "pipe", "inherit"] });
  const said: string[] = [];
  for await (const line of createInterface(child.stdout as Readable)) {
    said.push(line);
    if (said.length === lines) return { pid: child.pid as number, child, said };
  }
  throw new Error(`${file} ended before it had the file`);
}

/** A process that holds a lock on a file until it ends. `within` starts it, such as `unshare --mount`. */
export async function lockFile(path: string, manner: Manner = "flock", within: readonly string[] = []): Promise<Holder> {
  const script = `open(my $file, "+<", $ENV{LOCKED}) or die; ${manners[manner]} or die; print "held\\n"; sleep 600`;
  return perl(script, path, within);
}

/** The same for a file that may only be read: so it can be locked, too, by flock. */
export function lockForReading(path: string, within: readonly string[] = []): Promise<Holder> {
  return perl('open(my $file, "<", $ENV{LOCKED}) or die; flock($file, 1) or die; print "held\\n"; sleep 600', path, within);
}

/** A process that has a file open, and no lock on it. */
export async function openFile(path: string, within: readonly string[] = []): Promise<Holder> {
  return perl('open(my $file, "<", $ENV{LOCKED}) or die; print "open\\n"; sleep 600', path, within);
}

/** The pid of a process that takes an flock and ends, and its child, which has it from then on. */
export async function inheritLock(path: string): Promise<{ readonly taker: number; readonly child: number }> {
  const script = `open(my $file, "+<", $ENV{LOCKED}) or die;
    my $taker = fork; if ($taker == 0) { flock($file, 2) or die; my $child = fork; if ($child) { print "$child\\n"; exit 0 } sleep 600 }
    close $file; waitpid $taker, 0; print "$taker\\n"; sleep 600`;
  const [child, taker] = (await perl(script, path, [], 2)).said.map(Number);
  return { taker: taker as number, child: child as number };
}

/** A process with so many POSIX locks, each on one byte of the file. */
export async function lockBytes(path: string, count: number): Promise<Holder> {
  const script = `open(my $file, "+<", $ENV{LOCKED}) or die;
    for my $at (0 .. ${count - 1}) { fcntl($file, 6, my $one = pack("s s x4 q q l x4", $at % 2, 0, $at, 1, 0)) or die }
    print "held\\n"; sleep 600`;
  return perl(script, path, []);
}
