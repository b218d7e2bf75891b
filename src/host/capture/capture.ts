import { lstatSync } from "node:fs";
import { join } from "node:path";
import { usersAt, usersOf, usersRefusing, type LookAtUsers } from "../locks/file-users.ts";
import { isLink } from "../files/file-state.ts";
import { findPlace, type DirHandle, type Place } from "../files/held-directory.ts";
import { temporaryName } from "../files/leftovers.ts";
import { captureLink } from "./capture-link.ts";
import { dropLeased, type LeaseAnswer, type LeasedFile } from "./capture-lease.ts";
import {
  cameLate,
  dropQuarantined,
  elsewise,
  outcomeOf,
  putBackCaptured,
  quarantine,
  type Captured,
  type JudgedFile,
} from "./quarantine.ts";
import { sleepSync } from "../sleep-sync.ts";

/** Without a lease, a process that opened the file when it went into quarantine gets this long to show itself, in ms. */
const onTheWayMs = 1;

/** A file that is to go, in the directory that it is in. */
type Wanted = { readonly directory: DirHandle; readonly name: string; readonly quarantined: string; readonly judged: JudgedFile };

type OpenedDirectory = { readonly place: Place } | { readonly problem: Captured };

function openEntryDirectory(directory: string): OpenedDirectory {
  const path = join(directory, "entry");
  try {
    const place = findPlace(path, "perhaps");
    if (place.realPath === path) return { place };
    place.directory.close();
    return { problem: { kind: "changed" } };
  } catch (error) {
    return { problem: outcomeOf(error) };
  }
}

/** The directories of entries, each held open once, so that no other user can lead us elsewhere in between. */
function openDirectories(root: string): { readonly of: (key: string) => OpenedDirectory; readonly close: () => void } {
  const opened = new Map<string, OpenedDirectory>();
  return {
    of: (key) => {
      const below = key.slice(0, Math.max(0, key.lastIndexOf("/")));
      const before = opened.get(below);
      if (before !== undefined) return before;
      const entryDirectory = openEntryDirectory(join(root, below));
      opened.set(below, entryDirectory);
      return entryDirectory;
    },
    close: () => {
      for (const entryDirectory of opened.values()) if ("place" in entryDirectory) entryDirectory.place.directory.close();
    },
  };
}

function wantedIn(entryDirectory: OpenedDirectory, judged: JudgedFile): Wanted | Captured {
  if ("problem" in entryDirectory) return entryDirectory.problem;
  const name = judged.key.slice(judged.key.lastIndexOf("/") + 1);
  return { directory: entryDirectory.place.directory, name, quarantined: temporaryName(name, "held"), judged };
}

const pathOf = ({ directory: { at }, name }: Wanted): string => at(name);
const quarantinedPathOf = ({ directory: { at }, quarantined }: Wanted): string => at(quarantined);

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Puts a file back that is in quarantine, where it is. */
function backFromQuarantine(file: Wanted): Captured | undefined {
  try {
    return isThere(quarantinedPathOf(file)) ? putBackCaptured(quarantinedPathOf(file), pathOf(file)) : undefined;
  } catch (error) {
    return outcomeOf(error);
  }
}

/**
 * The program ended without an answer, and what is in place tells how far it came. A file that is gone was removed; one in
 * quarantine goes back, and is dropped only where a newer one has its name.
 */
function outcomeByInspection(file: Wanted): Captured | undefined {
  const [path, quarantined] = [pathOf(file), quarantinedPathOf(file)];
  if (!isThere(quarantined)) return isThere(path) ? undefined : { kind: "dropped" };
  return isThere(path) ? dropQuarantined(path, quarantined, file.judged) : backFromQuarantine(file);
}

/** What an answer means; undefined where the file is to be tried without a lease. */
function outcomeBy(answer: LeaseAnswer, file: Wanted): Captured | "busy" | undefined {
  if (typeof answer === "object") return { kind: "failed", problem: `it cannot be moved aside: ${answer.problem}` };
  switch (answer) {
    case "dropped":
    case "changed":
    case "gone":
      return { kind: answer };
    case "busy":
      return "busy";
    case "late":
      return { kind: "busy", by: cameLate };
    case "taken":
      throw new TypeError("nothing was to take its place");
    case "stuck":
      return backFromQuarantine(file) ?? { kind: "dropped" };
    case "untried":
      return undefined;
    case "cut":
      // The next sweep may have more time.
      return outcomeByInspection(file) ?? { kind: "changed" };
    case "unknown":
      return outcomeByInspection(file);
  }
}

/** Without a lease: what is open is looked up before a file goes into quarantine, and once more when it is there. */
function dropUnleased(files: readonly Wanted[], look: LookAtUsers): readonly Captured[] {
  const users = usersAt(files.map(pathOf), look);
  const taken = files.map((file, nth): Captured | undefined => {
    const by = users[nth];
    return by === undefined ? quarantine(pathOf(file), quarantinedPathOf(file), file.judged) : { kind: "busy", by };
  });
  const held = files.filter((_, nth) => taken[nth] === undefined);
  if (held.length > 0) sleepSync(onTheWayMs);
  const late = usersAt(held.map(quarantinedPathOf), look).values();
  return files.map((file, nth): Captured => {
    const outcome = taken[nth];
    if (outcome !== undefined) return outcome;
    const by = late.next().value;
    if (by === undefined) return dropQuarantined(pathOf(file), quarantinedPathOf(file), file.judged);
    const back = backFromQuarantine(file);
    return back === undefined || back.kind === "changed" ? { kind: "busy", by } : back;
  });
}

function leftBusy(files: readonly Wanted[], look: LookAtUsers): readonly Captured[] {
  return usersRefusing(files.map(pathOf), look).map((by) => ({ kind: "busy", by }));
}

function leasedFile({ directory, name, quarantined, judged: { state, bytes } }: Wanted): LeasedFile {
  if (bytes === undefined) throw new TypeError("a file that was read was expected");
  return { directoryFd: directory.fd, name, quarantined, next: undefined, state, bytes };
}

/** Puts what a function makes of those that are chosen into their places. */
function fill<T>(outcomes: (T | undefined)[], chosen: readonly number[], made: readonly T[]): void {
  for (const [nth, index] of chosen.entries()) outcomes[index] = made[nth];
}

/**
 * Removes one-file entries, and symbolic links, that are the ones that were judged. One that a process has open for writing or has locked is
 * not moved; any other is moved into quarantine by rename, which no writer can slip through, and dropped there if it is
 * unchanged and no process came to open it. One that does not match goes back by link, which never overwrites.
 */
export function captureEntries(root: string, judged: readonly JudgedFile[], look: LookAtUsers = usersOf): readonly Captured[] {
  const directories = openDirectories(root);
  try {
    const wanted = judged.map((one) => wantedIn(directories.of(one.key), one));
    const outcomes = wanted.map((one): Captured | "busy" | undefined => {
      if ("kind" in one) return one;
      return isLink(one.judged.state) ? captureLink(pathOf(one), quarantinedPathOf(one), one.judged) : elsewise(pathOf(one), one.judged);
    });
    const indexesOf = (isChosen: (index: number) => boolean): readonly number[] => [...wanted.keys()].filter(isChosen);
    const filesAt = (indexes: readonly number[]): readonly Wanted[] => indexes.map((index) => wanted[index] as Wanted);

    const read = indexesOf((index) => outcomes[index] === undefined && judged[index]?.bytes !== undefined);
    const answers = dropLeased(filesAt(read).map(leasedFile));
    fill(
      outcomes,
      read,
      answers.map((answer, nth) => outcomeBy(answer, wanted[read[nth] as number] as Wanted)),
    );
    const used = indexesOf((index) => outcomes[index] === "busy");
    fill(outcomes, used, leftBusy(filesAt(used), look));
    const unleased = indexesOf((index) => outcomes[index] === undefined);
    fill(outcomes, unleased, dropUnleased(filesAt(unleased), look));
    return outcomes as readonly Captured[];
  } finally {
    directories.close();
  }
}
