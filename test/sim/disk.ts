import { matchSegment, parsePattern, type Captures, type Steps } from "../../src/registries/pattern.ts";

/** One file of the simulated disk. Its text is whole or torn; its times move when their writer lets them. */
export type DiskFile = {
  readonly path: string;
  text: string;
  modifiedMs: number;
  /** When the kernel last changed it or its name, by the machine's clock. */
  changedMs: number;
  /** Each change of the file or of its name counts, whatever its writer does to the time of modification. */
  changes: number;
  ino: number;
  uid: number;
  /** A slow writer has it open and will leave this text in it, whatever stands there then. */
  slow: string | undefined;
};

/** How a writer that knows no lock changes a file. */
export type Manner = "in-place" | "rename" | "slow";

const quarantined = /^\.(.+)\.sessreap-\d+\.(?:held|new)$/;

function split(path: string): { readonly directory: string; readonly name: string } {
  const at = path.lastIndexOf("/");
  return { directory: path.slice(0, at + 1), name: path.slice(at + 1) };
}

export function heldPath(path: string): string {
  const { directory, name } = split(path);
  return `${directory}.${name}.sessreap-50.held`;
}

/** The name that a file had before a sweep set it aside; undefined for one that stands in its place. */
export function nameBefore(path: string): string | undefined {
  const { directory, name } = split(path);
  const original = quarantined.exec(name)?.[1];
  return original === undefined ? undefined : `${directory}${original}`;
}

function match(steps: Steps, parts: readonly string[]): Captures | undefined {
  const [step, ...rest] = steps;
  const [part, ...others] = parts;
  if (step === undefined || part === undefined) return step === undefined && part === undefined ? {} : undefined;
  if (step === "deep") return match(rest, parts) ?? match(steps, others);
  const said = matchSegment(step, part);
  const below = said === undefined ? undefined : match(rest, others);
  return below === undefined ? undefined : { ...said, ...below };
}

const matched = new Map<string, Captures | undefined>();

/** What a name below a registry's directory says; remembered, for the same few names come up again and again. */
export function capturesOf(patterns: readonly string[], key: string): Captures | undefined {
  const place = `${patterns.join(" ")} ${key}`;
  if (!matched.has(place)) {
    const found = patterns.map((pattern) => match(parsePattern(pattern), key.split("/")));
    matched.set(
      place,
      found.find((captures) => captures !== undefined),
    );
  }
  return matched.get(place);
}

/** The files of a machine, and the few ways in which anybody can change them. */
export class Disk {
  readonly files = new Map<string, DiskFile>();
  private inodes = 0;
  private readonly wallMs: () => number;

  constructor(wallMs: () => number) {
    this.wallMs = wallMs;
  }

  at(path: string): DiskFile | undefined {
    return this.files.get(path);
  }

  below(root: string): readonly DiskFile[] {
    return [...this.files.values()].filter(({ path }) => path.startsWith(`${root}/`));
  }

  create(path: string, text: string, modifiedMs: number): DiskFile {
    this.inodes += 1;
    const uid = this.files.get(path)?.uid ?? 1000;
    const file = { path, text, modifiedMs, changedMs: this.wallMs(), changes: 0, ino: this.inodes, uid, slow: undefined };
    this.files.set(path, file);
    return file;
  }

  /** A writer's change. A slow one leaves half of it for now, and whatever it had in hand before is finished first. */
  write(path: string, text: string, modifiedMs: number, manner: Manner): void {
    const file = this.files.get(path);
    if (file === undefined || manner === "rename") {
      this.create(path, text, modifiedMs);
      return;
    }
    file.modifiedMs = modifiedMs;
    this.change(file);
    file.slow = manner === "slow" ? text : undefined;
    file.text = manner === "slow" ? text.slice(0, Math.floor(text.length / 2)) : text;
  }

  /** The slow writers come to an end. */
  flush(): void {
    for (const file of this.files.values()) {
      if (file.slow === undefined) continue;
      file.text = file.slow;
      this.change(file);
      file.slow = undefined;
    }
  }

  move(from: string, to: string): void {
    const file = this.files.get(from);
    if (file === undefined) return;
    this.files.delete(from);
    this.files.set(to, Object.assign(file, { path: to }));
    this.change(file);
  }

  private change(file: DiskFile): void {
    file.changes += 1;
    file.changedMs = this.wallMs();
  }

  remove(path: string): void {
    this.files.delete(path);
  }
}
