// Builds a Debian package around each Linux binary that was built: `npm run release:deb`. It puts units, manual, completions
// and an empty configuration in place, and enables nothing.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { allLicences } from "./licences.mjs";
import { binaryName, debName } from "./names.mjs";
import { architectures } from "./platforms.mjs";
import { releaseTime } from "./time.mjs";

const { version, description } = JSON.parse(readFileSync("package.json", "utf8"));
const root = ".cache/release/deb";
/** What dpkg runs. */
const scripts = readdirSync("scripts/release/debian");
/** Whoever makes the release. */
const { DEBFULLNAME, DEBEMAIL } = process.env;
const committer = execFileSync("git", ["log", "-1", "--format=%cn <%ce>"], { encoding: "utf8" }).trim();
const maintainer = DEBFULLNAME === undefined || DEBEMAIL === undefined ? committer : `${DEBFULLNAME} <${DEBEMAIL}>`;

function put(path, content, mode = 0o644) {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

/** Without a time or name in it, so that two builds are the same. */
const zipped = (text) => gzipSync(text, { level: 9 });

function everything(directory = root) {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => ({
    path: join(entry.parentPath, entry.name),
    isFile: entry.isFile(),
  }));
}

/** Where the project is at home, as CI says it; nobody else can. */
function homepage() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  return repository === undefined ? "" : `Homepage: ${server}/${repository}\n`;
}

/** Everything but the program and what names its architecture. */
function layFiles() {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  for (const page of readdirSync("man")) put(`usr/share/man/man${page.at(-1)}/${page}.gz`, zipped(readFileSync(join("man", page))));
  put("usr/share/bash-completion/completions/sessreap", readFileSync("completions/sessreap.bash"));
  put("usr/share/zsh/vendor-completions/_sessreap", readFileSync("completions/_sessreap"));
  put("usr/share/fish/vendor_completions.d/sessreap.fish", readFileSync("completions/sessreap.fish"));
  for (const manager of ["user", "system"]) {
    const units = join("systemd", manager);
    for (const unit of existsSync(units) ? readdirSync(units) : [])
      put(`usr/lib/systemd/${manager}/${unit}`, readFileSync(join(units, unit)));
  }
  for (const schema of readdirSync("schema")) put(`usr/share/sessreap/${schema}`, readFileSync(join("schema", schema)));
  for (const { parentPath, name } of readdirSync("examples", { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
    // Hooks are named in the configurations of agents, which may not depend on documentation.
    const folder = parentPath === "examples/hooks" ? "usr/share/sessreap/hooks" : join("usr/share/doc/sessreap", parentPath);
    put(join(folder, name), readFileSync(join(parentPath, name)));
  }
  put("etc/sessreap/config.json", '{\n  "$schema": "/usr/share/sessreap/config.schema.json"\n}\n');
  for (const name of scripts) put(`DEBIAN/${name}`, readFileSync(join("scripts/release/debian", name)), 0o755);
  put("DEBIAN/conffiles", "/etc/sessreap/config.json\n");

  put("usr/share/doc/sessreap/third-party-licenses.txt.gz", zipped(allLicences()));
  const pointer = `The program holds parts of other packages, and Node.js. Their licences are in
/usr/share/doc/sessreap/third-party-licenses.txt.gz; the Apache License 2.0, under which some
of them are, is in /usr/share/common-licenses/Apache-2.0.
`;
  put("usr/share/doc/sessreap/copyright", `${readFileSync("LICENSE", "utf8")}\n${pointer}`);
  const date = new Date(releaseTime() * 1000).toUTCString().replace("GMT", "+0000");
  const entry = `sessreap (${version}) unstable; urgency=medium\n\n  * Release ${version}; see CHANGELOG.md.gz.\n\n -- ${maintainer}  ${date}\n`;
  put("usr/share/doc/sessreap/changelog.gz", zipped(entry));
  put("usr/share/doc/sessreap/CHANGELOG.md.gz", zipped(readFileSync("CHANGELOG.md")));
  // A Node is linked as its builders chose, and brings its libraries with it. systemd is asked for what a user's manager runs,
  // which no helper of Debian's can.
  const overrides = ["embedded-library", "hardening-no-pie", "maintainer-script-calls-systemctl"];
  put("usr/share/lintian/overrides/sessreap", overrides.map((tag) => `sessreap: ${tag} *\n`).join(""));
}

function build(platform, architecture) {
  const output = `release/${debName(version, architecture)}`;
  copyFileSync(`release/${binaryName(platform)}`, join(root, "usr/bin/sessreap"));
  chmodSync(join(root, "usr/bin/sessreap"), 0o755);
  const files = everything().filter(({ isFile, path }) => isFile && !path.startsWith(join(root, "DEBIAN")));
  const size = files.reduce((sum, { path }) => sum + statSync(path).size, 0);
  const sums = execFileSync("md5sum", files.map(({ path }) => path.slice(root.length + 1)).toSorted(), { cwd: root });
  put("DEBIAN/md5sums", sums);
  put(
    "DEBIAN/control",
    `Package: sessreap
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8)
Recommends: systemd
Section: admin
Priority: optional
${homepage()}Description: purge the registrations of coding-agent sessions that have ended
 Coding agents and the bridges between them write down which sessions run, and
 nobody removes the entry when a session dies. sessreap finds those ghost
 registrations, proves that they are dead, and cuts them out of the file.
 .
 Nothing is enabled by installing it. "systemctl --user enable --now
 sessreap.timer" sweeps every five minutes.
`,
  );
  // Whoever builds, and whenever: the same owner, mode and time.
  for (const { path } of [{ path: root }, ...everything()]) {
    const isRun =
      statSync(path).isDirectory() ||
      path.endsWith("usr/bin/sessreap") ||
      path.endsWith(".sh") ||
      scripts.some((name) => path.endsWith(`DEBIAN/${name}`));
    chmodSync(path, isRun ? 0o755 : 0o644);
    utimesSync(path, releaseTime(), releaseTime());
  }
  rmSync(output, { force: true });
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z2", "--build", root, output], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(releaseTime()) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  process.stdout.write(`${output}  ${(statSync(output).size / 1e6).toFixed(1)} MB\n`);
}

if (!description.startsWith("Purges ghost registrations"))
  throw new Error("the description of the package has changed: change this one, too");

const built = Object.entries(architectures).filter(([platform]) => existsSync(`release/${binaryName(platform)}`));
if (built.length === 0) throw new Error("no Linux binary is there: npm run release:binaries -- --only linux-x64");
layFiles();
for (const [platform, architecture] of built) build(platform, architecture);
