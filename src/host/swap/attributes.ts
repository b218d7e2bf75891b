import { perlCall } from "../programs/perl.ts";
import { searchPath } from "../search-path.ts";
import attributesProgram from "./attributes.pl";
import carryProgram from "./carry.pl";
import type { SwapHelper } from "./swap-helper.ts";

type Ran = { readonly missing: boolean; readonly ok: boolean; readonly stdout: string; readonly stderr: string };

/** Runs a program of the machine's with both files open, the judged one as descriptor 3, the new one as 4. */
function run(program: string, args: readonly string[], from: number, to: number): Ran {
  // Only a sweep that reaps needs it.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    stdio: ["ignore", "pipe", "pipe", from, to],
    env: { PATH: searchPath(), LC_ALL: "C" },
    encoding: "utf8",
  });
  return { missing: error !== undefined, ok: status === 0, stdout: stdout ?? "", stderr: stderr ?? "" };
}

/** GNU's wants `-m -` for attributes that are not the user's; BusyBox's shows all, and knows no `-m`. */
const dumps = [["-d", "-m", "-"], ["-d"]] as const;

/** The names of both files' attributes, an ACL's too, as `getfattr` shows them; undefined where it cannot be asked. */
function attributesOf(from: number, to: number): readonly string[] | undefined {
  const names: string[] = [];
  for (const file of ["/dev/fd/3", "/dev/fd/4"]) {
    const dumped = dumps
      .map((args) => run("getfattr", [...args, file], from, to))
      .find(({ ok, stderr }) => ok || /not supported/i.test(stderr));
    if (dumped === undefined) return undefined;
    names.push(...dumped.stdout.split("\n").flatMap((line) => /^([a-z]+\.[^=]+)(?:=|$)/.exec(line)?.[1] ?? []));
  }
  return names;
}

/**
 * Copies attributes where there is no perl, and says why that cannot be done: coreutils can copy them; another userland can
 * say that there are none to be copied.
 */
export function attributeProblem(from: number, to: number): string | undefined {
  const copied = run("cp", ["--attributes-only", "--preserve=mode,ownership,xattr", "--", "/dev/fd/3", "/dev/fd/4"], from, to);
  if (copied.ok) return undefined;
  const isOther = copied.missing || /unrecognized|invalid option|usage:/i.test(copied.stderr);
  if (!isOther) return copied.stderr.trim() || "cp was ended";
  // What the kernel measured of the old content does not hold for the new content.
  const names = attributesOf(from, to)?.filter((name) => !/^security\.(?:ima|evm)$/.test(name));
  if (names?.length === 0) return undefined;
  if (names !== undefined) return `${names.join(", ")} cannot be copied here (install perl or coreutils)`;
  return "whether it has any cannot be seen here (install perl, coreutils or getfattr)";
}

/**
 * Copies what a mode and an owner do not say: ACLs, extended attributes, and with the helper inode flags. A mode without its
 * ACL would widen access: the group bits of a file with an ACL are the ACL's mask. Throws where they cannot be kept.
 */
export async function copyAttributes(helper: SwapHelper | undefined, from: number, to: number): Promise<void> {
  if (process.platform !== "linux") return;
  let problem: string | undefined;
  if (helper === undefined) problem = attributeProblem(from, to);
  else {
    const answer = await helper.ask("attributes");
    problem = answer === "copied" ? undefined : (answer?.replace(/^lost /, "") ?? "the swap helper ended");
  }
  if (problem !== undefined) throw new Error(`its extended attributes cannot be kept: ${problem}`);
}

/** The same where no helper has both files open. */
export function carryAttributes(from: number, to: number): void {
  if (process.platform !== "linux") return;
  const answer = run("perl", perlCall(attributesProgram + carryProgram).args, from, to).stdout;
  if (answer === "copied") return;
  const problem = answer.startsWith("lost ") ? answer.slice("lost ".length) : attributeProblem(from, to);
  if (problem !== undefined) throw new Error(`its extended attributes cannot be kept: ${problem}`);
}
