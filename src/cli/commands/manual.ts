import type { Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { manualPages, type PageName } from "../manual/pages.ts";
import { write } from "../output.ts";
import { didYouMean } from "../suggest.ts";

/** The manual travels inside the program, for a standalone binary brings no files. */
export const runManual: Run<object> = async ({ words, stdout }) => {
  const name = words[0] ?? "sessreap";
  if (!Object.hasOwn(manualPages, name)) {
    const names = Object.keys(manualPages);
    throw new Failure("usage", `there is no page "${name}"${didYouMean(name, names)} (${names.join(", ")})`);
  }
  await write(stdout, manualPages[name as PageName].render());
  return 0;
};
