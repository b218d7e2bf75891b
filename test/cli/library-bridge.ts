import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { RowMeant, ReapedRow, Reconciled, BridgeOptions, WatchResult } from "../../src/host-library.ts";
import { start, type Running } from "../processes.ts";
import type { Scratch } from "./harness.ts";

const library = pathToFileURL(resolve("dist/host.js")).href;

/** What it was before and after tells whether the library left its mark on the process. */
const source = `
import { spawn } from "node:child_process";
import { getEventListeners } from "node:events";
import { createInterface } from "node:readline";
import * as library from ${JSON.stringify(library)};
const traits = () => ({
  listeners: process.eventNames().filter((name) => typeof name === "string").flatMap((name) => [name, process.listenerCount(name)]).join(),
  emit: String(process.emit), exit: String(process.reallyExit), cwd: process.cwd(), umask: process.umask(), env: JSON.stringify(process.env),
  exitCode: process.exitCode ?? null, title: process.title,
});
const before = JSON.stringify(traits());
const watching = { controller: new AbortController(), rows: [], notices: [], done: undefined };
const calls = {
  reconcile: (options) => library.reconcile(options),
  watch: async (options, isThrowing) => {
    const tripped = (one) => {
      if (isThrowing) throw new Error("the listener is broken");
      return one;
    };
    const { rows, notices, controller: { signal } } = watching;
    watching.done = library.watch({ ...options, signal, onRows: (those) => tripped(rows.push(...those.map(({ key, action }) => key + " " + action))), onNotice: async (notice) => tripped(notices.push(notice)) });
    watching.done.catch((error) => notices.push(error.name));
  },
  watched: async () => ({ rows: watching.rows, notices: watching.notices }),
  endWatch: async () => {
    watching.controller.abort();
    return watching.done;
  },
  // A caller may leave open, in so many words, what it does not mean the row by.
  reapOne: (options, key, meant) => library.reapOne(key, { sessionId: undefined, pid: undefined, ...meant }, options),
  reapAtOnce: async (options, key, ...meants) => {
    const { signal } = new AbortController();
    const settled = await Promise.allSettled(meants.map((meant) => library.reapOne(key, meant, { ...options, signal })));
    const said = settled.map(({ value, reason }) => (reason === undefined ? "gone: " + value.gone : reason.name));
    return { said, listeners: getEventListeners(signal, "abort").length };
  },
  untouched: async () => before === JSON.stringify(traits()) || traits(),
  run: async (_, argv0, file, ...words) => void spawn(file, words, { argv0, stdio: ["pipe", "ignore", "ignore"] }),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, name, options, args, abortMs } = JSON.parse(line);
  const signal = abortMs === undefined ? undefined : abortMs === 0 ? AbortSignal.abort() : AbortSignal.timeout(abortMs);
  calls[name]({ ...options, ...(signal && { signal }) }, ...args).then(
    (value) => console.log(JSON.stringify({ id, value })),
    (error) => console.log(JSON.stringify({ id, error: { name: error.name, code: error.code, message: error.message } })),
  );
}
`;

type Answer = { readonly value?: unknown; readonly error?: { readonly name: string; readonly code: unknown; readonly message: string } };

/** A bridge that uses the library in its own process. Each call answers with its value, or throws with the name of its error. */
export type LibraryBridge = Running & {
  readonly argv: readonly string[];
  readonly reconcile: (options: BridgeOptions, abortMs?: number) => Promise<Reconciled>;
  readonly reapOne: (key: string, meant: RowMeant, options: BridgeOptions, abortMs?: number) => Promise<ReapedRow>;
  /** Calls of one moment for the same key, with one signal: what each was told, and what listens to the signal afterwards. */
  readonly reapAtOnce: (
    key: string,
    meants: readonly RowMeant[],
    options: BridgeOptions,
  ) => Promise<{ readonly said: readonly string[]; readonly listeners: number }>;
  readonly watch: (options: BridgeOptions, listeners?: "throwing") => Promise<void>;
  /** What the watch has said by now. */
  readonly watched: () => Promise<{ readonly rows: readonly string[]; readonly notices: readonly string[] }>;
  readonly endWatch: () => Promise<WatchResult>;
  /** True where the process is as it was before the first call; else what has become of it. */
  readonly untouched: () => Promise<unknown>;
  /** Starts a child of the bridge's own. */
  readonly run: (argv0: string, file: string, ...words: readonly string[]) => Promise<void>;
};

export async function startLibraryBridge(
  { dir, env }: Scratch,
  {
    more = {},
    name = `bridge-${randomUUID()}.mjs`,
    uid,
  }: { readonly more?: Readonly<Record<string, string>>; readonly name?: string; readonly uid?: number } = {},
): Promise<LibraryBridge> {
  const script = join(dir, name);
  writeFileSync(script, source);
  const running = await start(process.execPath, [script, "watch"], {
    argv0: "node",
    cwd: dir,
    env: { ...env, SESSREAP_GRACE: "0", ...more },
    ...(uid !== undefined && { uid }),
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface({ input: running.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    const answer = JSON.parse(line) as Answer & { readonly id: number };
    waiting.get(answer.id)?.(answer);
  });
  let calls = 0;
  const call = async <T>(of: string, options: object, args: readonly unknown[], abortMs?: number): Promise<T> => {
    calls += 1;
    const id = calls;
    const answered = new Promise<Answer>((resolveAnswer) => waiting.set(id, resolveAnswer));
    running.child.stdin?.write(`${JSON.stringify({ id, name: of, options, args, abortMs })}\n`);
    const { value, error } = await answered;
    if (error !== undefined) throw Object.assign(new Error(`${error.name}: ${error.message}`), { code: error.code });
    return value as T;
  };
  return {
    ...running,
    argv: [name, "watch"],
    reconcile: (options, abortMs) => call("reconcile", options, [], abortMs),
    reapOne: (key, meant, options, abortMs) => call("reapOne", options, [key, meant], abortMs),
    reapAtOnce: (key, meants, options) => call("reapAtOnce", options, [key, ...meants]),
    watch: (options, listeners) => call("watch", options, [listeners === "throwing"]),
    watched: () => call("watched", {}, []),
    endWatch: () => call("endWatch", {}, []),
    untouched: () => call("untouched", {}, []),
    run: (...words) => call("run", {}, words),
  };
}
