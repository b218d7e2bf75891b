import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { captureEntries } from "../../../src/host/capture/capture.ts";
import { restoreEntryFiles } from "../../../src/host/capture/restore-entry.ts";
import { readRegistryFile } from "../../../src/host/files/files.ts";
import { replaceJudged } from "../../../src/host/swap/swap.ts";
import { formatError } from "../../../src/host/observed.ts";
import { removeLeftovers } from "../../../src/host/files/leftovers.ts";
import { acl, attributes, hasAttributes, setAttribute } from "../attributes.ts";
import { after, before, content, dead, leftovers, readNow, registryIn, scratchDirectory, withoutGhost } from "../scratch.ts";
import { launch, stop } from "../../processes.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";

if (!hasAttributes) console.warn("no perl, or no ACLs on the file system of the temporary directory: attributes are not tested");
if (!isRoot) console.warn("not root: hostile users are not tested");

test.runIf(hasAttributes)("ACL and extended attributes of a registry are kept to the byte", async () => {
  const registry = registryIn();
  setAttribute(registry.path, "user.note", "00ff10");
  setAttribute(registry.path, "user.empty", "");
  setAttribute(registry.path, "system.posix_acl_access", acl);
  const [attributesBefore, mode] = [attributes(registry.path), statSync(registry.path).mode];
  expect(attributesBefore.split("\n").length).toBeGreaterThan(3);
  const file = readNow(registry.path);
  expect((await replaceJudged(file, withoutGhost(file), dead)).kind).toBe("replaced");
  expect(attributes(registry.path)).toBe(attributesBefore);
  expect(statSync(registry.path).mode).toBe(mode);
});

test.runIf(hasAttributes)("a registry without an ACL gets none from its directory's default", async () => {
  const registry = registryIn();
  setAttribute(registry.directory, "system.posix_acl_default", acl);
  const file = readNow(registry.path);
  expect((await replaceJudged(file, withoutGhost(file), dead)).kind).toBe("replaced");
  expect(attributes(registry.path)).toBe("");
});

const rounds = Number(process.env["SESSREAP_TEST_ROUNDS"] ?? 100);

test.runIf(isRoot)("a user's symbolic link to what is not the user's is not followed by root", () => {
  const [home, elsewhere] = [scratchDirectory(), scratchDirectory()];
  for (const path of [home, elsewhere]) chmodSync(path, 0o755);
  chownSync(home, nobody, nobody);
  const secret = registryIn(elsewhere);
  const link = join(home, "registrations.json");
  symlinkSync(secret.path, link);
  expect(readRegistryFile(link)).toMatchObject({ kind: "unreadable", problem: expect.stringContaining("symbolic link") });
  chownSync(secret.path, nobody, nobody);
  expect(readRegistryFile(link).kind, "theirs, but in a directory of root's").toBe("unreadable");
  chownSync(elsewhere, nobody, nobody);
  expect(readRegistryFile(link).kind, "theirs, in a directory of theirs").toBe("read");
});

test.runIf(isRoot)("root's own symbolic link is followed wherever it leads", () => {
  const link = join(scratchDirectory(), "link.json");
  symlinkSync(registryIn().path, link);
  expect(readRegistryFile(link).kind).toBe("read");
});

test.runIf(isRoot)("nothing outside is touched while a user swaps the directory for a symbolic link", async () => {
  const [home, outside] = [scratchDirectory(openPlace()), scratchDirectory(openPlace())];
  for (const path of [home, outside]) chmodSync(path, 0o755);
  chownSync(home, nobody, nobody);
  const victim = registryIn(outside);
  const directory = join(home, "bridge");
  mkdirSync(directory);
  chownSync(directory, nobody, nobody);
  const registry = registryIn(directory);
  chownSync(registry.path, nobody, nobody);
  const look = (): readonly bigint[] => {
    return [victim.path, outside]
      .map((path) => statSync(path, { bigint: true }))
      .flatMap(({ ino, mtimeNs, ctimeNs }) => [ino, mtimeNs, ctimeNs]);
  };
  const was = look();
  const swapper = `my ($d, $v) = @ARGV; while (1) { rename $d, "$d.real"; symlink $v, $d; select undef, undef, undef, 0.001; unlink $d; rename "$d.real", $d; select undef, undef, undef, 0.002 }`;
  const child = launch("perl", ["-e", swapper, directory, outside], { uid: nobody, gid: nobody, stdio: "ignore" });
  const met = new Set<string>();
  try {
    for (let round = 0; round < rounds || !(met.has("replaced") && met.has("unreadable")); round += 1) {
      const read = readRegistryFile(registry.path);
      met.add(read.kind);
      removeLeftovers(registry.path, 0);
      if (read.kind === "read") met.add((await replaceJudged(read.file, [read.file.bytes], dead)).kind);
      else await new Promise((resolve) => void setTimeout(resolve, round % 3));
    }
  } finally {
    await stop({ child });
  }
  expect(look()).toEqual(was);
  expect(content(victim)).toBe(before);
  expect(leftovers(victim)).toEqual([]);
});

test.runIf(isRoot)("a registry that root swaps for a user is never another's, not even while it is made", async () => {
  const home = scratchDirectory();
  chownSync(home, nobody, nobody);
  const registry = registryIn(home);
  chownSync(registry.path, nobody, nobody);
  writeFileSync(registry.path, before);
  const file = readNow(registry.path);
  let seen: readonly number[] = [];
  await replaceJudged(file, withoutGhost(file), () => {
    seen = readdirSync(home).map((name) => statSync(join(home, name)).uid);
    return dead();
  });
  expect(seen).toEqual([nobody, nobody]);
  expect(content(registry)).toBe(after);
});

test.runIf(isRoot)("no entry file outside is moved aside or made when a directory has become a symbolic link", async () => {
  const [home, outside] = [scratchDirectory(), scratchDirectory()];
  const root = join(home, "sessions");
  mkdirSync(root);
  writeFileSync(join(root, "7.json"), "{}");
  writeFileSync(join(outside, "7.json"), "{}");
  const state = statSync(join(root, "7.json"));
  const was = statSync(join(outside, "7.json"), { bigint: true });
  renameSync(root, `${root}.real`);
  symlinkSync(outside, root);
  expect(captureEntries(root, [{ key: "7.json", state, bytes: Buffer.from("{}") }])).toEqual([{ kind: "changed" }]);
  const file = { key: "8.json", content: Buffer.from("{}"), mode: 0o600, uid: 0, gid: 0, modifiedAt: 0 };
  const led = await restoreEntryFiles(root, [file, { ...file, key: "deep/8.json" }]);
  expect(led.map((one) => one.kind === "failed" && formatError(one.error))).toEqual(
    led.map(() => expect.stringContaining("symbolic link")),
  );
  expect(readdirSync(outside)).toEqual(["7.json"]);
  expect(statSync(join(outside, "7.json"), { bigint: true }).ctimeNs).toBe(was.ctimeNs);
  rmSync(root);
  renameSync(`${root}.real`, root);
  expect(await restoreEntryFiles(root, [{ ...file, key: "deep/er/8.json" }])).toEqual([{ kind: "restored" }]);
  expect(captureEntries(root, [{ key: "7.json", state, bytes: Buffer.from("{}") }])).toEqual([{ kind: "dropped" }]);
});
