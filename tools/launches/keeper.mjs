/** The keeper of all that a proof starts: `keeper.pl` as an object. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const hex = (letter, values) => values.map((value) => letter + Buffer.from(value).toString("hex"));

/** `directory` is the proof's own, and goes with it. */
export function startKeeper(directory) {
  const child = spawn("perl", [join(import.meta.dirname, "keeper.pl"), directory], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "inherit"],
    // A Ctrl-C in the terminal is meant for the proof.
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (...words) => {
    child.stdin.write(`${words.join(" ")}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("the keeper is gone");
    return value;
  };
  return {
    /** Starts a program under its argv and returns its pid. */
    start: async ({ cwd, path, argv, env, writes = [], reads = [] }) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const words = [
        ["c", [cwd]],
        ["x", [path]],
        ["a", argv],
        ["e", variables],
        ["w", writes],
        ["r", reads],
      ];
      const said = await ask("start", ...words.flatMap(([letter, values]) => hex(letter, values)));
      if (said.startsWith("!")) throw new Error(`${path} does not start: ${said}`);
      return Number(said);
    },
    /** Everything that was started and has not ended. */
    list: async () => (await ask("list")).split(" ").filter(Boolean).map(Number),
    kill: (...pids) => ask("kill", ...pids),
    endAll: () => ask("end"),
    close: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
