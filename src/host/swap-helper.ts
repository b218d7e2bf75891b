import { swapScript } from "./swap-script.ts";

/** Longer than anything that the helper does by itself; one that is silent for so long is stopped. */
const answerMs = 15_000;

export type SwapHelper = {
  /** One answer to one command; undefined when the helper has ended or does not answer. */
  readonly ask: (command: string) => Promise<string | undefined>;
  /** Tells it that nothing more will come, and waits until its lease is gone. */
  readonly end: () => Promise<void>;
};

export type SwapDescriptors = { readonly directory: number; readonly judged: number; readonly made: number };

/**
 * Starts the helper, or answers undefined where there is no perl or none that knows this machine. Its environment is
 * bare: `PERL5OPT` and its kin would run foreign code in it.
 */
export async function startSwapHelper(descriptors: SwapDescriptors, temporary: string, name: string): Promise<SwapHelper | undefined> {
  const { directory, judged, made } = descriptors;
  // Only a sweep that reaps needs these.
  const [{ spawn }, { createInterface }] = await Promise.all([import("node:child_process"), import("node:readline")]);
  const child = spawn("perl", ["-f", "-e", swapScript, "--", temporary, name], {
    stdio: ["pipe", "pipe", "ignore", directory, judged, made],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  if (child.stdin === null || child.stdout === null) return undefined;
  const { stdin } = child;
  stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function answer(): Promise<string | undefined> {
    const timer = setTimeout(() => child.kill("SIGKILL"), answerMs);
    try {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  async function end(): Promise<void> {
    stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), answerMs);
    await closed;
    clearTimeout(timer);
  }

  if ((await answer()) !== "here") {
    await end();
    return undefined;
  }
  return {
    ask: (command) => {
      stdin.write(`${command}\n`);
      return answer();
    },
    end,
  };
}
