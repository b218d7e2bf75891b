import {
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { chunkBytes } from "../../../src/host/files/chunks.ts";
import { swapName, temporaryName } from "../../../src/host/files/leftovers.ts";
import type { ReadFile } from "../../../src/host/files/files.ts";
import { createNewFile, finishNewFile, openSite, type NewFile, type Site } from "../../../src/host/swap/swap-draft.ts";
import type { SwapHelper } from "../../../src/host/swap/swap-helper.ts";
import { codeOf, leftovers, openIn, readNow, registryIn, scratchDirectory } from "../scratch.ts";
import { isRoot } from "../../users.ts";

if (!isRoot) console.warn("not root: drafts of another user's registry are not tested");

const programs = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = programs;
});

type Open = { readonly file: ReadFile; readonly site: Site; readonly directory: string };

const open = (): Open => openAgain(readNow(registryIn().path));

function openAgain(file: ReadFile): Open {
  const site = openSite(file);
  if (site === undefined) throw new Error("another file is there");
  return { file, site, directory: dirname(file.realPath) };
}

const helperThat = (act: (newFile: NewFile) => string | undefined, newFile: NewFile): SwapHelper => {
  return { ask: (command) => Promise.resolve(command === "attributes" ? act(newFile) : "what?"), end: () => Promise.resolve() };
};

/** Finishes a draft that somebody spoils after it was written; what is said of it. */
async function finished({ site, file }: Open, spoil: (newFile: NewFile) => string | undefined, text: Buffer): Promise<unknown> {
  const newFile = createNewFile(site, file);
  try {
    return await finishNewFile(site, newFile, file, [text], helperThat(spoil, newFile));
  } catch (error) {
    return (error as Error).message;
  } finally {
    closeSync(newFile.fd);
    site.close();
  }
}

const long = Buffer.alloc(2 * chunkBytes, "entry ");
const sizes = [1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes];

test.each(sizes)("a draft of %i bytes is whole, and lies under the name that it is swapped by", async (size) => {
  const scene = open();
  const text = long.subarray(0, size);
  const { ino } = scene.file.stat;
  const newFile = await finished(scene, () => "copied", text);
  const name = (newFile as NewFile).name;
  const made = join(scene.directory, name);
  expect(readFileSync(made).equals(text)).toBe(true);
  expect(leftovers({ ...scene, path: "" })).toEqual([name]);
  expect(name).toBe(swapName("registrations.json", statSync(made, { bigint: true }).ino));
  expect(statSync(scene.file.realPath, { bigint: true }).ino).toBe(ino);
  expect(openIn(scene.directory)).toEqual([]);
});

const spoilt: readonly (readonly [what: string, spoil: (fd: number, size: number) => void])[] = [
  ["is cut short by a byte", (fd, size) => ftruncateSync(fd, size - 1)],
  ["is cut off where its last chunk begins", (fd, size) => ftruncateSync(fd, Math.floor((size - 1) / chunkBytes) * chunkBytes)],
  ["gets a byte too many", (fd, size) => void writeSync(fd, "x", size)],
  ["has another last byte", (fd, size) => void writeSync(fd, "#", size - 1)],
  ["has another first byte", (fd) => void writeSync(fd, "#", 0)],
];
test.each(spoilt.flatMap(([what, spoil]) => sizes.map((size) => [what, size, spoil] as const)))(
  "a draft that %s on the disk is never swapped (%i bytes)",
  async (_what, size, spoil) => {
    const scene = open();
    const said = await finished(
      scene,
      ({ fd }) => {
        spoil(fd, size);
        return "copied";
      },
      long.subarray(0, size),
    );
    expect(said).toBe("what was written is not what is read back");
  },
);

test("a draft whose rights change while it is made is never swapped", async () => {
  const said = await finished(
    open(),
    ({ fd }) => {
      fchmodSync(fd, 0o604);
      return "copied";
    },
    Buffer.from("{}"),
  );
  expect(said).toMatch(/^its rights cannot be kept: 6[04]{2} \d+:\d+ became 604 \d+:\d+$/);
});

test.each([
  ["lost user.note: no space left", "user.note: no space left"],
  ["what was lost is not known", "what was lost is not known"],
  [undefined, "the swap helper ended"],
])("attributes of which the helper says %s are not given up silently", async (answer, described) => {
  expect(await finished(open(), () => answer, Buffer.from("{}"))).toBe(`its extended attributes cannot be kept: ${described}`);
});

/** Finishes a draft without perl, where only these programs are. */
async function withoutHelper(scene: Open, tools: Readonly<Record<string, string>>): Promise<unknown> {
  const { site, file } = scene;
  const bin = scratchDirectory();
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const newFile = createNewFile(site, file);
  process.env["PATH"] = bin;
  try {
    return await finishNewFile(site, newFile, file, [file.bytes], undefined);
  } catch (error) {
    return (error as Error).message;
  } finally {
    closeSync(newFile.fd);
    site.close();
  }
}

test("where there is neither perl nor cp, nothing is swapped, and what would help is said", async () => {
  expect(await withoutHelper(open(), {})).toBe(
    "its extended attributes cannot be kept: whether it has any cannot be seen here (install perl, coreutils or getfattr)",
  );
});

test("what cp says of attributes that it cannot keep is told, in English", async () => {
  process.env["SESSREAP_TEST_NOTE"] = "foreign";
  const said = await withoutHelper(open(), { cp: 'echo "cp: $LC_ALL ${SESSREAP_TEST_NOTE:-bare}: $*" >&2; exit 1' });
  delete process.env["SESSREAP_TEST_NOTE"];
  expect(said).toBe(
    "its extended attributes cannot be kept: cp: C bare: --attributes-only --preserve=mode,ownership,xattr -- /dev/fd/3 /dev/fd/4",
  );
});

/** What BusyBox's `cp` says to an option that it does not know. */
const otherCp = 'echo "cp: unrecognized option: attributes-only" >&2; echo "Usage: cp [-arPLHpfinlsTu] SOURCE DEST" >&2; exit 1';
const otherGetfattr = 'case "$*" in *-m*) echo "Usage: getfattr [-h] {-d|-n ATTR} FILE..." >&2; exit 1;; esac;';

test.each([
  ["has none", otherGetfattr],
  ["is of a file system without any", `${otherGetfattr} echo "getfattr: $2: Not supported" >&2; exit 1`],
  ["has what the kernel measures anew", `${otherGetfattr} echo "# file: $2"; echo 'security.ima="x"'`],
])("in another userland a registry is swapped that %s", async (_what, getfattr) => {
  expect(await withoutHelper(open(), { cp: otherCp, getfattr })).toMatchObject({ name: expect.stringContaining(".swap") });
});

test.each([
  ["system.posix_acl_access", "echo '# file: x'; echo 'system.posix_acl_access=\"y\"'"],
  ["user.note", "echo '# file: x'; echo 'user.note'"],
])("in another userland an attribute (%s) cannot be copied, and is named", async (name, dumped) => {
  const said = await withoutHelper(open(), { cp: otherCp, getfattr: `${otherGetfattr} ${dumped}` });
  expect(said).toContain(name);
  expect(said).toContain("install perl or coreutils");
});

test("with cp alone a draft is finished, too", async () => {
  expect(await withoutHelper(open(), { cp: 'echo noise; exec /bin/cp "$@"' })).toMatchObject({ name: expect.stringContaining(".swap") });
});

test.each([0o600, 0o640, 0o444, 0o2755])("a registry of mode %o has a draft of that mode", async (mode) => {
  const directory = scratchDirectory();
  const registry = registryIn(directory);
  chmodSync(registry.path, mode);
  const scene = openAgain(readNow(registry.path));
  const newFile = (await finished(scene, () => "copied", Buffer.from("{}"))) as NewFile;
  expect(statSync(join(directory, newFile.name)).mode & 0o7777).toBe(mode);
});

const users: readonly (readonly [what: string, uid: number, gid: number, home: "theirs" | "root's"])[] = [
  ["a user's, in a directory of theirs", 65534, 4343, "theirs"],
  ["a user's, in a directory of root's", 65534, 4343, "root's"],
  ["root's, for a group", 0, 4343, "root's"],
  ["a user's, in root's group", 65534, 0, "root's"],
];
test.runIf(isRoot).each(users)("a draft of a registry that is %s is that user's and group's", async (_what, uid, gid, home) => {
  const directory = scratchDirectory();
  chmodSync(directory, 0o755);
  if (home === "theirs") chownSync(directory, uid, 4242);
  const registry = registryIn(directory);
  chownSync(registry.path, uid, gid);
  const scene = openAgain(readNow(registry.path));
  const group = process.getegid?.();
  const newFile = createNewFile(scene.site, scene.file);
  expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, group]);
  const made = fstatSync(newFile.fd);
  expect({ uid: made.uid, gid: made.gid, mode: made.mode & 0o7777 }).toEqual(
    home === "theirs" ? { uid, gid, mode: 0o600 } : { uid: 0, gid: made.gid, mode: 0o600 },
  );
  const { name } = await finishNewFile(
    scene.site,
    newFile,
    scene.file,
    [scene.file.bytes],
    helperThat(() => "copied", newFile),
  );
  const { uid: uidNow, gid: gidNow } = statSync(join(directory, name));
  expect([uidNow, gidNow]).toEqual([uid, gid]);
  closeSync(newFile.fd);
  scene.site.close();
});

test("a draft is never made over a file that has its name", () => {
  const scene = open();
  writeFileSync(join(scene.directory, temporaryName("registrations.json", "new")), "theirs");
  expect(codeOf(() => createNewFile(scene.site, scene.file))).toBe("EEXIST");
  scene.site.close();
});

test.runIf(isRoot)("what is wrong with a user's draft is said, and root stays root", () => {
  const directory = scratchDirectory();
  const registry = registryIn(directory);
  for (const place of [directory, registry.path]) chownSync(place, 65534, 65534);
  const scene = openAgain(readNow(registry.path));
  const name = join(directory, temporaryName("registrations.json", "new"));
  symlinkSync("elsewhere", name);
  const group = process.getegid?.();
  expect(codeOf(() => createNewFile(scene.site, scene.file))).toBe("EEXIST");
  expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, group]);
  scene.site.close();
});

const others: readonly (readonly [what: string, change: (path: string) => void])[] = [
  [
    "another file of the same content",
    (path) => {
      const { atimeMs, mtimeMs } = statSync(path);
      writeFileSync(`${path}.new`, readFileSync(path));
      utimesSync(`${path}.new`, atimeMs / 1000, mtimeMs / 1000);
      renameSync(`${path}.new`, path);
    },
  ],
  ["a file that was touched", (path) => utimesSync(path, 1, 1)],
  [
    "the same file behind a new symbolic link",
    (path) => {
      mkdirSync(`${path}.d`);
      renameSync(path, join(`${path}.d`, "moved"));
      symlinkSync(join(`${path}.d`, "moved"), path);
    },
  ],
];
test.each(others)("where %s stands now there is no site, and nothing stays open", (_what, change) => {
  const directory = scratchDirectory();
  const file = readNow(registryIn(directory).path);
  change(file.realPath);
  expect(openSite(file)).toBeUndefined();
  expect(openIn(directory)).toEqual([]);
});

test("a site that has gone is a missing file, and nothing stays open", () => {
  const directory = scratchDirectory();
  const file = readNow(registryIn(directory).path);
  renameSync(file.realPath, `${file.realPath}.away`);
  expect(codeOf(() => openSite(file))).toBe("ENOENT");
  symlinkSync(directory, join(directory, "registrations.json"));
  openSite(file);
  expect(openIn(directory)).toEqual([]);
});

test("a site holds the judged file and its directory, until it is closed", () => {
  const scene = open();
  expect(openIn(scene.directory).toSorted()).toEqual([scene.directory, scene.file.realPath]);
  scene.site.close();
  expect(openIn(scene.directory)).toEqual([]);
});
