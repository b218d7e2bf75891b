import { describe, expect, test } from "vitest";
import { seen, unseen, type Here } from "../../../src/core/evidence.ts";
import {
  aloneForMs,
  aloneOnceContestedMs,
  contestedReason,
  unprovenReason,
  type HostRow,
} from "../../../src/core/identity/contested-name.ts";

const [ours, theirs] = ["8a1f54f0-53a3-4b43-9d0e-8e1d9d8a9d11", "019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f2"];
const machineId = "0b1f54f0-53a3-4b43-9d0e-8e1d9d8a9d22";
const minute = 60_000;

describe("a machine's name on a server", () => {
  test.each([
    { what: "its own row", row: { bootId: ours, seenAgoMs: 5 * minute }, upMs: 60 * minute, is: false },
    { what: "its own row in another spelling", row: { bootId: ours.toUpperCase(), seenAgoMs: 0 }, upMs: 60 * minute, is: false },
    { what: "that of its boot before", row: { bootId: theirs, seenAgoMs: 61 * minute }, upMs: 60 * minute, is: false },
    { what: "one that another boot wrote while it was up", row: { bootId: theirs, seenAgoMs: 59 * minute }, upMs: 60 * minute, is: true },
    { what: "one that another boot writes now", row: { bootId: theirs, seenAgoMs: 0 }, upMs: 1, is: true },
    { what: "no boot that can be read, of before", row: { bootId: "?", seenAgoMs: 61 * minute }, upMs: 60 * minute, is: false },
    { what: "no boot that can be read, of now", row: { bootId: "?", seenAgoMs: minute }, upMs: 60 * minute, is: true },
    { what: "its own, refused of late", row: { bootId: ours, seenAgoMs: 0, contestedAgoMs: 14 * minute }, upMs: 60 * minute, is: true },
    { what: "its own, refused long ago", row: { bootId: ours, seenAgoMs: 0, contestedAgoMs: 15 * minute }, upMs: 60 * minute, is: false },
    {
      what: "another machine's, of long ago",
      row: { bootId: theirs, machineId: theirs, seenAgoMs: 6000 * minute },
      upMs: minute,
      is: true,
    },
    { what: "its own boot's by another machine", row: { bootId: ours, machineId: theirs, seenAgoMs: 0 }, upMs: minute, is: true },
    {
      what: "that of its boot before, by its own id in other letters",
      row: { bootId: theirs, machineId: machineId.toUpperCase().replaceAll("-", ""), seenAgoMs: 61 * minute },
      upMs: 60 * minute,
      is: false,
    },
    { what: "one of an unknown uptime", row: { bootId: theirs, seenAgoMs: 600 * minute }, upMs: Number.POSITIVE_INFINITY, is: true },
  ])("with $what is contested: $is", ({ row, upMs, is }) => {
    const reason = contestedReason(
      { machineId: undefined, pidNamespace: undefined, contestedAgoMs: undefined, aloneMs: 0, ...row },
      { bootId: ours, machineId, upMs },
      "venus",
    );
    expect(reason !== undefined).toBe(is);
    expect(reason ?? 'called "venus" "machine"').toMatch(/called "venus".*"machine"/);
  });
});

describe("rows under a machine's name on a server", () => {
  const container = (inode: string) => ({ pidNamespace: seen({ inode, initial: false }) });
  const own = {
    bootId: ours,
    machineId: undefined,
    pidNamespace: undefined,
    seenAgoMs: minute,
    contestedAgoMs: undefined,
    aloneMs: aloneForMs,
  };
  type Case = { readonly hasHosts?: boolean; readonly own: HostRow | undefined } & Partial<Pick<Here, "bootId" | "pidNamespace">>;
  test.each<{ readonly what: string; readonly said: Case; readonly is: boolean }>([
    { what: "there is no table of machines", said: { hasHosts: false, own: undefined }, is: false },
    { what: "no machine of this name has swept", said: { own: undefined }, is: false },
    { what: "this boot has swept alone for long", said: { own }, is: true },
    { what: "this boot has swept alone for nearly as long", said: { own: { ...own, aloneMs: aloneForMs - 1 } }, is: false },
    { what: "this boot has, and another was refused once", said: { own: { ...own, contestedAgoMs: 900 * minute } }, is: false },
    {
      what: "this boot has for a day since another was refused",
      said: { own: { ...own, contestedAgoMs: 900 * minute, aloneMs: aloneOnceContestedMs } },
      is: true,
    },
    { what: "the boot before did", said: { own: { ...own, bootId: theirs } }, is: false },
    { what: "a boot did that cannot be read", said: { own: { ...own, bootId: "?" } }, is: false },
    { what: "a container of it did", said: { own: { ...own, pidNamespace: "4026532001" } }, is: false },
    { what: "this very container did", said: { own: { ...own, pidNamespace: "4026532001" }, ...container("4026532001") }, is: true },
    { what: "another container of it did", said: { own: { ...own, pidNamespace: "4026532002" }, ...container("4026532001") }, is: false },
    { what: "the machine around this container did", said: { own, ...container("4026532001") }, is: false },
    { what: "whether this is a container cannot be seen", said: { own, pidNamespace: unseen("denied") }, is: false },
    { what: "which boot this is cannot be read", said: { own, bootId: unseen("denied") }, is: false },
  ])(
    "are proven to be this machine's where $what: $is",
    ({ said: { hasHosts = true, own: row, bootId = seen(ours), pidNamespace = seen({ inode: "1", initial: true }) }, is }) => {
      const reason = unprovenReason({ hasHosts, own: row }, { bootId, pidNamespace }, "venus");
      expect(reason === undefined).toBe(is);
      expect(reason ?? 'called "venus"').toContain('called "venus"');
    },
  );
});
