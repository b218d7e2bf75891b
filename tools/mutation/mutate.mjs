// Breaks the code that decides, or that writes, in every small way that mutants.mjs knows, and runs the tests that reach it.
//   node tools/mutation/mutate.mjs [core] [apply]   prints a score for each scope
//       --every N   one mutant in N, always the same ones under one --seed S
//       --goal P    fails below so many per cent
//       --only PART     mutants of the sources whose path holds PART (repeatable)
//       --tests PART    with the tests whose path holds PART (repeatable)
//       --strict    halves of conditions and numbers off by one, too
//       --check     runs nothing: says which explained survivors are no mutants any more
import { parseArgs } from "node:util";
import { score, staleExplanations } from "./score.mjs";

const { values, positionals: scopes } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    goal: { type: "string", default: "0" },
    only: { type: "string", multiple: true, default: [""] },
    tests: { type: "string", multiple: true, default: [""] },
  },
});

if (values.check) {
  const stale = staleExplanations();
  for (const id of stale) console.log(`explained, but there is no such mutant: ${id}`);
  if (stale.length > 0) process.exitCode = 1;
  else console.log("every explained survivor is a mutant");
} else {
  const [every, goal] = [Number(values.every), Number(values.goal)];
  const { seed, strict, only, tests } = values;
  for (const scope of scopes.length === 0 ? ["core", "apply"] : scopes) {
    if (!(await score({ scope, every, seed, strict, goal, only, tests }))) process.exitCode = 1;
  }
}
