// Cuts a release: `npm run release -- 0.2.0`. It writes the version and the heading of the changelog, commits both and tags
// the commit. Nothing leaves this machine but with `--push`. `--check TAG` only says whether a tag fits what it stands on.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { notesOf, open } from "./notes.mjs";

const trunk = "main";
const changelog = "CHANGELOG.md";
const versionWords = /^(\d+)\.(\d+)\.(\d+)$/;

const git = (...words) => execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
const readVersion = () => JSON.parse(readFileSync("package.json", "utf8")).version;

function insist(isSo, what) {
  if (isSo) return;
  process.stderr.write(`no release: ${what}\n`);
  process.exit(1);
}

function isLater(version, than) {
  const [a, b] = [version, than].map((one) => versionWords.exec(one).slice(1).map(Number));
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && a[at] > b[at];
}

/** Whether a tag of this name is here, or at the remote that would be pushed to. */
function isTaken(tag, remote) {
  if (git("tag", "--list", tag) !== "") return true;
  return remote !== undefined && git("ls-remote", "--tags", remote, `refs/tags/${tag}`) !== "";
}

/** What stands between here and a release, looked at before anything is written. */
function check(version, remote) {
  insist(versionWords.test(version ?? ""), `${version ?? "no version"} is not three numbers, as in: npm run release -- 0.2.0`);
  const branch = git("rev-parse", "--abbrev-ref", "HEAD");
  insist(branch === trunk, `this is ${branch}; releases are cut on ${trunk}`);
  const changed = git("status", "--porcelain");
  insist(changed === "", `there are changes that are not committed:\n${changed}`);
  insist(!isTaken(`v${version}`, remote), `the tag v${version} is there already`);
  insist(isLater(version, readVersion()), `${version} is not later than ${readVersion()}`);
  const text = readFileSync(changelog, "utf8");
  insist(notesOf(text, version) === undefined, `${changelog} has a heading of ${version} already`);
  insist(notesOf(text, open) !== undefined, `${changelog} has no heading "${open}"`);
  insist(notesOf(text, open) !== "", `${changelog} says nothing below "${open}"`);
}

function write(version) {
  const text = readFileSync(changelog, "utf8");
  writeFileSync(
    changelog,
    text.replace(`## ${open}\n`, () => `## ${open}\n\n## ${version}\n`),
  );
  execFileSync("npm", ["version", version, "--no-git-tag-version", "--ignore-scripts"], { stdio: "ignore" });
  for (const script of ["generate", "units"])
    execFileSync(process.execPath, [`scripts/${script}.mjs`], { stdio: ["ignore", "ignore", "inherit"] });
}

function cut(version, remote) {
  check(version, remote);
  const tag = `v${version}`;
  try {
    write(version);
    git("commit", "--all", "--message", `Release ${version}`);
  } catch (error) {
    git("checkout", "--", ".");
    throw error;
  }
  git("tag", "--annotate", tag, "--message", `sessreap ${version}`);
  process.stdout.write(`${tag} is ${git("rev-parse", "--short", "HEAD")}\n`);
  const push = ["push", "--atomic", remote ?? "origin", trunk, tag];
  if (remote === undefined)
    process.stdout.write(`to release it: git ${push.join(" ")}\nto take it back: git tag -d ${tag} && git reset --hard HEAD~\n`);
  else process.stdout.write(`${git(...push)}pushed to ${remote}\n`);
}

function checkTag(tag) {
  const version = readVersion();
  insist(tag === `v${version}`, `the tag is ${tag}, and package.json says ${version}`);
  const text = readFileSync(changelog, "utf8");
  const notes = notesOf(text, version);
  insist(notes !== undefined && notes !== "", `${changelog} says nothing of ${version}`);
  insist((notesOf(text, open) ?? "") === "", `${changelog} has more below "${open}", which no version would have`);
  process.stdout.write(`${tag} fits\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { push: { type: "boolean" }, remote: { type: "string", default: "origin" }, check: { type: "string" } },
});
if (values.check !== undefined) checkTag(values.check);
else cut(positionals[0], values.push === true ? values.remote : undefined);
