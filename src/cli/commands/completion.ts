import { completionScripts, type Shell } from "../completion/scripts.ts";
import type { Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { write } from "../output.ts";

export const runCompletion: Run<object> = async ({ words, stdout }) => {
  const shell = words[0] ?? "";
  if (!Object.hasOwn(completionScripts, shell)) {
    throw new Failure("usage", `"${shell}" is not one of ${Object.keys(completionScripts).join(", ")}`);
  }
  await write(stdout, completionScripts[shell as Shell]);
  return 0;
};
