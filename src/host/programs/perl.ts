import { searchPath } from "../search-path.ts";
import machine from "./machine.pl";

/** How perl is called with one of our programs. Its environment is bare: `PERL5OPT` and its kin would run foreign code in it. */
export function perlCall(program: string, ...words: readonly string[]) {
  return {
    args: ["-f", "-e", `${machine}${program}`, "--", ...words],
    env: { PATH: searchPath(), LC_ALL: "C" },
  } as const;
}
