// Installs, upgrades, removes and purges the Debian package in a root of its own, made with debootstrap:
//   debootstrap --variant=minbase --include=libstdc++6 bookworm ROOT && node scripts/release/prove-deb.mjs ROOT
// The root is copied first, and everything runs in namespaces of its own.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { debName } from "./names.mjs";

const [given] = process.argv.slice(2);
if (given === undefined || !existsSync(join(given, "usr/bin/dpkg"))) throw new Error("name a root that debootstrap made");
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const deb = `release/${debName(version, "amd64")}`;
const scratch = mkdtempSync(join(tmpdir(), "sessreap-deb-"));
const root = join(scratch, "root");
const conffile = "etc/sessreap/config.json";

function inside(...words) {
  const around = ["--mount", "--pid", "--net", "--fork", `--mount-proc=${join(root, "proc")}`, "chroot", root];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  return execFileSync("unshare", [...around, ...words], { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function insist(isSo, what) {
  if (!isSo) throw new Error(what);
  process.stdout.write(`  ${what}\n`);
}

/** Every path that is there, the package database and logs aside. */
function paths() {
  const listed = inside("find", "/etc", "/usr", "/var", "-not", "-path", "/var/lib/dpkg/*", "-not", "-path", "/var/log/*");
  return new Set(listed.split("\n"));
}

/** The same package under a later version. */
function later() {
  const tree = join(scratch, "later");
  execFileSync("dpkg-deb", ["-R", deb, tree]);
  const control = join(tree, "DEBIAN/control");
  writeFileSync(control, readFileSync(control, "utf8").replace(`Version: ${version}`, `Version: ${version}+later`));
  execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, join(root, "later.deb")], { stdio: "ignore" });
}

try {
  execFileSync("cp", ["-a", given, root]);
  const before = paths();
  copyFileSync(deb, join(root, "sessreap.deb"));
  inside("dpkg", "-i", "/sessreap.deb");
  insist(inside("sessreap", "--version").trim() === version, "installed, it says its version");
  const own = ["env", "-i", "SESSREAP_PID_NAMESPACE=own", "/usr/bin/sessreap"];
  insist(inside(...own, "--dry-run").includes("(dry run)"), "installed, it runs with an empty environment");
  const added = [...paths()].filter((path) => !before.has(path));
  insist(!added.some((path) => /\.(?:wants|requires)\//.test(path)), "nothing is enabled");
  insist(added.includes("/usr/share/man/man1/sessreap.1.gz"), "the manual is there");
  insist(
    inside("env", "SESSREAP_PID_NAMESPACE=own", "/usr/share/sessreap/hooks/agent.sh", "list").includes('"summary"'),
    "the hooks are there, and run",
  );
  if (existsSync("systemd")) insist(added.includes("/usr/lib/systemd/user/sessreap.timer"), "the units are there");

  writeFileSync(join(root, conffile), '{ "grace": "42m" }\n');
  later();
  inside("dpkg", "-i", "--force-confold", "/later.deb");
  insist(readFileSync(join(root, conffile), "utf8").includes("42m"), "upgraded, it keeps a configuration that was changed");
  insist(inside(...own, "config").includes("42m"), "upgraded, it reads that configuration");

  // What an administrator's `systemctl enable` makes, a link of another package, and one that is masked.
  const links = [
    "system/timers.target.wants/sessreap@alice.timer",
    "system/multi-user.target.wants/sessreap-watch@alice.service",
    "user/timers.target.wants/sessreap.timer",
  ];
  const foreign = "/etc/systemd/system/timers.target.wants/other.timer";
  for (const link of links) {
    const [manager, , name] = link.split("/");
    inside("mkdir", "-p", dirname(`/etc/systemd/${link}`));
    inside("ln", "-s", `/usr/lib/systemd/${manager}/${name.replace("alice", "")}`, `/etc/systemd/${link}`);
  }
  inside("ln", "-s", "/usr/lib/systemd/system/other.timer", foreign);
  const dangling = () =>
    inside("find", "/etc/systemd", "-xtype", "l")
      .split("\n")
      .filter((path) => path !== "" && path !== foreign);

  inside("dpkg", "-r", "sessreap");
  insist(!existsSync(join(root, "usr/bin/sessreap")), "removed, the program is gone");
  insist(existsSync(join(root, conffile)), "removed, the configuration stays");
  inside("dpkg", "-P", "sessreap");
  insist(dangling().length === 0, "purged, no link leads nowhere");
  insist(inside("find", foreign).trim() === foreign, "purged, a link of others stays");
  inside("rm", "-r", dirname(foreign));
  const left = [...paths()].filter((path) => !before.has(path) && path !== "/var/lib/dpkg");
  insist(left.length === 0, `purged, nothing of it is left${left.length === 0 ? "" : `: ${left.join(", ")}`}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
