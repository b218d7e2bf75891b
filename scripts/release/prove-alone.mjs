// Proves what a Linux binary needs of a machine: it runs in a root that holds these libraries and nothing else.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** glibc's own and those of GCC's runtime: Debian's libc6, libgcc-s1 and libstdc++6. */
const named = new Set([
  "ld-linux-x86-64.so.2",
  "libc.so.6",
  "libdl.so.2",
  "libgcc_s.so.1",
  "libm.so.6",
  "libpthread.so.0",
  "libstdc++.so.6",
]);

function insist(isSo, what) {
  if (!isSo) throw new Error(what);
}

export function proveAlone(path, version) {
  if (process.getuid() !== 0) return ["not tried in an empty root, which needs root"];
  const root = mkdtempSync(join(tmpdir(), "sessreap-alone-"));
  try {
    const wanted = execFileSync("ldd", [path], { encoding: "utf8" }).match(/\/\S+/g);
    const unnamed = wanted.filter((library) => !named.has(basename(library)));
    insist(unnamed.length === 0, `${path} needs ${unnamed.join(", ")}, which nobody names`);
    for (const library of wanted) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      copyFileSync(library, join(root, library));
    }
    copyFileSync(path, join(root, "sessreap"));
    const inside = (...words) => spawnSync("chroot", [root, "/sessreap", ...words], { encoding: "utf8", env: { PATH: process.env.PATH } });
    insist(inside("--version").stdout.trim() === version, `${path} does not run in an empty root: ${inside("--version").stderr}`);
    copyFileSync("examples/registrations.json", join(root, "registrations.json"));
    utimesSync(join(root, "registrations.json"), 0, 0);
    const sweep = ["--dry-run", "--registry", "/registrations.json"];
    const blind = inside(...sweep);
    insist(blind.status === 1 && blind.stderr.includes("without /proc"), `blind, ${path} says ${blind.stdout}${blind.stderr}`);
    const mount =
      'mkdir "$1/proc"; mount -t proc proc "$1/proc"; ch=$(command -v chroot); exec env -i SESSREAP_PID_NAMESPACE=own "$ch" "$@"';
    const words = ["--mount", "--pid", "--fork", "sh", "-c", mount, "sh", root, "/sessreap", ...sweep];
    const seeing = spawnSync("unshare", words, { encoding: "utf8" });
    const said = `${seeing.stdout}${seeing.stderr}`;
    insist(seeing.status === 0 && said.includes("(dry run)"), `in an empty root, ${path} ends with ${seeing.status}: ${said}`);
    return [`runs in a root with ${wanted.length} libraries`];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
