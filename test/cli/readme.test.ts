import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { configure, newScratch, sessreap, toolWords, writeOld, type Scratch } from "./harness.ts";
import { runsTool, shownIn } from "./typed.ts";

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).href;
const { architectures, platforms } = (await import(at("scripts/release/platforms.mjs"))) as {
  readonly architectures: Readonly<Record<string, string>>;
  readonly platforms: Readonly<Record<string, unknown>>;
};
const { binaryName, checksums, debName } = (await import(at("scripts/release/names.mjs"))) as {
  readonly binaryName: (platform: string) => string;
  readonly checksums: (directory: string, names: readonly string[]) => string;
  readonly debName: (version: string, architecture: string) => string;
};
const { version, man } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string; readonly man: readonly string[] };

const ours = toolWords.map((word) => `'${word}'`).join(" ");

const shown = shownIn("README.md");

/** A shell for one line: npm keeps all that it installs in the scratch, and these programs are stood in for. */
function shell({ dir, env }: Scratch, stands: Readonly<Record<string, string>> = {}) {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, body] of Object.entries(stands)) writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const npm = {
    prefix: join(dir, "prefix"),
    offline: "true",
    audit: "false",
    fund: "false",
    update_notifier: "false",
    ignore_scripts: "true",
  };
  const settings = Object.fromEntries(Object.entries(npm).map(([name, value]) => [`npm_config_${name}`, value]));
  const path = [bin, join(dir, "prefix/bin"), env["PATH"]].join(delimiter);
  return (line: string, cwd = dir) => {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", line], { cwd, encoding: "utf8", env: { ...env, ...settings, PATH: path } });
    return { code: status, said: stdout.trim(), stderr };
  };
}

const passed = { code: 0 };

/** Whatever npm has put into its prefix under the name of the package. */
function installed({ dir }: Scratch): readonly string[] {
  const prefix = join(dir, "prefix");
  if (!existsSync(prefix)) return [];
  const found = readdirSync(prefix, { recursive: true, encoding: "utf8" }).filter((path) => basename(path).startsWith("sessreap"));
  return found.filter((path) => !path.includes("node_modules/sessreap/"));
}

const pages = man.map((path) => `share/man/man${path.at(-1)}/${basename(path)}`);

/** What a line that does not run sessreap is held against: itself, or for a program that is not to be had one that takes these words alone. */
const rows: Readonly<Record<string, () => Promise<void> | void>> = {
  "npm cit": () => expect(readFileSync(".ci/run", "utf8").split("\n")).toContain("npm cit"),
  "npm ci && npm link": () => {
    const scratch = newScratch();
    const [clone, run] = [join(scratch.dir, "clone"), shell(scratch)];
    for (const part of ["bin", "dist", "man", "package.json", "package-lock.json"]) cpSync(part, join(clone, part), { recursive: true });
    expect(run("npm ci --dry-run", clone)).toMatchObject(passed);
    expect(run("npm link", clone)).toMatchObject(passed);
    expect(run("sessreap --version")).toMatchObject({ ...passed, said: version });
    expect(run("npm unlink -g sessreap", clone)).toMatchObject(passed);
    expect(installed(scratch)).toEqual([]);
  },
  "node bin/sessreap.cjs": () =>
    expect(shell(newScratch())(`node ${process.cwd()}/bin/sessreap.cjs --version`)).toMatchObject({ said: version }),
  "npm install -g sessreap": () => {
    const scratch = newScratch();
    execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", scratch.dir], { stdio: "ignore" });
    const run = shell(scratch);
    expect(run(`npm install -g ./sessreap-${version}.tgz`)).toMatchObject(passed);
    expect(installed(scratch).toSorted()).toEqual(["bin/sessreap", "lib/node_modules/sessreap", ...pages].toSorted());
    expect(run("sessreap --version")).toMatchObject({ ...passed, said: version });
    expect(run("npm uninstall -g sessreap")).toMatchObject(passed);
    expect(installed(scratch)).toEqual([]);
  },
  "chmod +x": () => {
    const scratch = newScratch();
    writeFileSync(join(scratch.dir, "downloaded"), `#!/bin/sh\nexec ${ours} "$@"\n`);
    expect(shell(scratch)("chmod +x downloaded && ./downloaded --version")).toMatchObject({ ...passed, said: version });
  },
  "sha256sum -c SHA256SUMS --ignore-missing": () => {
    const scratch = newScratch();
    const run = () => shell(scratch)("sha256sum -c SHA256SUMS --ignore-missing").code;
    const names = Object.keys(platforms).map(binaryName);
    for (const name of names) writeFileSync(join(scratch.dir, name), name);
    writeFileSync(join(scratch.dir, "SHA256SUMS"), checksums(scratch.dir, names));
    const [first = "", ...others] = names;
    execFileSync("rm", others, { cwd: scratch.dir });
    expect(run()).toBe(0);
    writeFileSync(join(scratch.dir, first), "another");
    expect(run()).not.toBe(0);
  },
  "gh attestation verify FILE --repo OWNER/REPO": () => {
    const scratch = newScratch();
    writeFileSync(join(scratch.dir, "FILE"), "");
    const gh = '[ "$1 $2" = "attestation verify" ] && [ -f "$3" ] && [ "$4" = --repo ] && [ "${5%/*}" != "$5" ] && [ $# -eq 5 ]';
    expect(shell(scratch, { gh })("gh attestation verify FILE --repo OWNER/REPO")).toMatchObject(passed);
  },
  "xattr -d com.apple.quarantine sessreap-darwin-arm64": () => {
    const scratch = newScratch();
    for (const platform of Object.keys(platforms)) writeFileSync(join(scratch.dir, binaryName(platform)), "");
    const xattr = '[ "$1 $2" = "-d com.apple.quarantine" ] && [ -f "$3" ] && [ $# -eq 3 ]';
    expect(shell(scratch, { xattr })("xattr -d com.apple.quarantine sessreap-darwin-arm64")).toMatchObject(passed);
  },
  "sudo apt install ./sessreap_<version>_<arch>.deb": () => {
    const scratch = newScratch();
    const stands = { sudo: '"$@"', apt: '[ "$1" = install ] && [ -f "$2" ] && [ "${2#./}" != "$2" ] && [ $# -eq 2 ]' };
    for (const architecture of Object.values(architectures)) {
      writeFileSync(join(scratch.dir, debName(version, architecture)), "");
      const line = `sudo apt install ./sessreap_${version}_${architecture}.deb`;
      expect(shell(scratch, stands)(line)).toMatchObject(passed);
    }
  },
  'loginctl enable-linger "$USER"': () => {
    const loginctl = '[ "$1" = enable-linger ] && [ "$2" = alice ] && [ $# -eq 2 ]';
    expect(shell(newScratch(), { loginctl })('export USER=alice; loginctl enable-linger "$USER"')).toMatchObject(passed);
  },
  "sudo systemctl enable --now sessreap@alice.timer": () => {
    const stands = {
      sudo: '"$@"',
      systemctl: `[ "$1 $2" = "enable --now" ] && [ -f "${process.cwd()}/systemd/system/$(echo "$3" | sed s/@alice/@/)" ]`,
    };
    expect(shell(newScratch(), stands)("sudo systemctl enable --now sessreap@alice.timer")).toMatchObject(passed);
  },
  "crontab -l | grep -v sessreap | crontab -": () => {
    const scratch = newScratch();
    const table = join(scratch.dir, "table");
    const crontab = `if [ "$1" = -l ]; then cat '${table}'; else cat > '${table}.new' && mv '${table}.new' '${table}'; fi`;
    const run = shell(scratch, { crontab, sessreap: `exec ${ours} "$@"` });
    writeFileSync(table, "5 4 * * * backup\n");
    expect(run("(crontab -l; sessreap units print --cron) | crontab -")).toMatchObject(passed);
    expect(readFileSync(table, "utf8")).toContain("sweep --timer --quiet");
    expect(run("crontab -l | grep -v sessreap | crontab -")).toMatchObject(passed);
    expect(readFileSync(table, "utf8")).toBe("5 4 * * * backup\n");
  },
  "rm -r ~/.config/sessreap ~/.local/state/sessreap": async () => {
    const scratch = newScratch();
    const left = () => readdirSync(scratch.home, { recursive: true, encoding: "utf8" }).filter((path) => path.includes("sessreap"));
    configure(scratch, { registries: [] });
    expect(await sessreap(scratch, [], { env: { SESSREAP_STATE_DIR: "" } })).toMatchObject(passed);
    expect(left()).toEqual(expect.arrayContaining([".config/sessreap/config.json", ".local/state/sessreap/memory.json"]));
    expect(shell(scratch)("rm -r ~/.config/sessreap ~/.local/state/sessreap")).toMatchObject(passed);
    expect(left()).toEqual([]);
  },
};

/** Tried with the row of the line that undoes them. */
const triedWithOthers = ["npm unlink -g sessreap", "npm uninstall -g sessreap"];

describe("a line of README.md that does not run sessreap", () => {
  const commands = shown.filter((line) => /^[a-z]\S* /.test(line) && !runsTool(line));
  const named = commands.filter((line) => line.startsWith("man ")).map((line) => line.slice("man ".length));

  test("is tried here, and nothing is tried that it does not say", () => {
    const others = commands.filter((line) => !line.startsWith("man ") && line !== "npm install -g");
    expect(others.toSorted()).toEqual([...Object.keys(rows), ...triedWithOthers].toSorted());
  });

  test.each(Object.entries(rows))("%s", async (_, tryIt) => {
    expect.hasAssertions();
    await tryIt();
  });

  test("names pages that the package brings along", () => {
    expect(new Set(named.map((name) => `${name}.`))).toEqual(new Set(man.map((path) => basename(path).slice(0, -1))));
  });
});

describe("a piece of configuration in README.md", () => {
  const text = readFileSync("README.md", "utf8");
  const pieces = [...text.matchAll(/^ {4}(\{[\s\S]*?\})\n\n|`(\{[^`]*\})`/gm)].map(
    ([, block, inline]) => block ?? `{ "registries": [${inline}] }`,
  );

  test("is there", () => expect(pieces.length).toBe(2));

  test.each(pieces)("%s is understood", async (piece) => {
    const scratch = newScratch();
    const path = writeOld(join(scratch.dir, "…"), "");
    configure(scratch, piece.replace("…", path));
    expect(await sessreap(scratch, ["config"])).toMatchObject({ ...passed, stderr: "" });
  });
});
