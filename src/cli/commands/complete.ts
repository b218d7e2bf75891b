import { visible } from "../../report/visible.ts";
import { candidatesFor } from "../completion/candidates.ts";
import { wantedAt } from "../completion/wanted.ts";
import type { Run } from "../context.ts";
import { writeLines } from "../output.ts";

/** The user reads no more than this, and a directory of markers can hold hundreds of thousands. */
const most = 1000;

/**
 * The answer to a shell: a line for each way in which its last word can go on. It never writes anything. A fault is
 * of no use to a user who is typing: then there is nothing to offer.
 */
export const runComplete: Run<object> = async ({ words, env, version, stdout }) => {
  try {
    const wanted = wantedAt(words);
    const found = await candidatesFor(wanted, { env, version });
    const fitting = found.filter(({ word }) => word.startsWith(wanted.current) && word === visible(word));
    const lines = fitting.map(({ word, meaning }) => `${wanted.prefix}${word}\t${meaning}`);
    await writeLines(stdout, [...new Set(lines)].slice(0, most));
  } catch {
    return 0;
  }
  return 0;
};
