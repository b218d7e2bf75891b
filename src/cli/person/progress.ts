import { writeSync } from "node:fs";
import type { Host } from "../../host/host.ts";
import { isJournal } from "../../host/programs/journal-stream.ts";
import { cutMiddle } from "../../report/screen/cut.ts";
import { visible } from "../../report/visible.ts";
import { belowHome } from "../config/paths.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { screenFor } from "../screen.ts";
import { progressLine, type ProgressLine } from "./progress-line.ts";

/** A host that says what it is asked for, and the end of the line that shows it. */
export type Progress = { readonly host: Host; readonly end: () => void };

/** `12 400`. */
const grouped = (count: number): string => String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, " ");

const placeOf = (path: string): string => visible(belowHome(path), 4096);

/** So many files are removed at once, and so many are put back, before more is said of them. */
const removedAtOnce = 1024;
const restoredAtOnce = 256;

function* slicesOf<T>(all: readonly T[], size: number): Generator<readonly T[], undefined> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

/** The same host, that says what of its work can take long. It does nothing else, and nothing otherwise. */
function showingHost(host: Host, { show }: ProgressLine, total: number | undefined): Host {
  let [read, removed, restored] = [0, 0, 0];
  return {
    ...host,
    listDirectory: (path, ...rest) => {
      show(() => `reading ${placeOf(path)} …`);
      return host.listDirectory(path, ...rest);
    },
    readRegistryFile: (path, ...rest) => {
      show(() => `reading ${placeOf(path)} …`);
      return host.readRegistryFile(path, ...rest);
    },
    readEntryFile: (root, key) => {
      read += 1;
      show(() => `reading ${placeOf(root)}: ${grouped(read)} …`);
      return host.readEntryFile(root, key);
    },
    lookAtProcesses: (question) => {
      show(() => "looking at processes …");
      return host.lookAtProcesses(question);
    },
    lookAtAllFiles: (...question) => {
      show(() => "looking at the open files of all processes …");
      return host.lookAtAllFiles(...question);
    },
    askAppServer: (question) => {
      show(() => `asking ${visible(question.url)} …`);
      return host.askAppServer(question);
    },
    lookAtTmux: (...question) => {
      show(() => "asking tmux …");
      return host.lookAtTmux(...question);
    },
    captureEntries: (root, judged) =>
      [...slicesOf(judged, removedAtOnce)].flatMap((some) => {
        show(() => `reaping in ${placeOf(root)}: ${grouped(removed)} …`);
        removed += some.length;
        return host.captureEntries(root, some);
      }),
    restoreEntryFiles: async (root, files) => {
      const became: Awaited<ReturnType<typeof host.restoreEntryFiles>>[] = [];
      for (const some of slicesOf(files, restoredAtOnce)) {
        show(() => `restoring ${grouped(restored)}${total === undefined ? "" : ` of ${grouped(total)}`} …`);
        restored += some.length;
        became.push(await host.restoreEntryFiles(root, some));
      }
      return became.flat();
    },
    runRelease: (command, values) => {
      show(() => `running ${visible(command[0] ?? "")} …`);
      return host.runRelease(command, values);
    },
  };
}

const silent = (): void => undefined;

/** Shows a person at a terminal what takes over a second; `total` is how many are to be put back. Elsewhere nothing is shown. */
export async function showProgress({ options, stderr, env }: Invocation<OutputOptions>, host: Host, total?: number): Promise<Progress> {
  const isShown = options.quiet !== true && env["TERM"] !== "dumb" && stderr.isTTY && !isJournal(2, env);
  if (!isShown) return { host, end: silent };
  const screen = await screenFor(stderr, env);
  const line = progressLine({
    write: (text) => {
      try {
        writeSync(stderr.fd, text);
      } catch {
        // A terminal that is full or gone: the next one is drawn, or none is missed.
      }
    },
    // In the last column some terminals begin a new line.
    fit: (text) => cutMiddle(text.replace("…", screen.signs.ellipsis), (screen.columns ?? stderr.stream.columns ?? 80) - 1, screen),
    now: () => performance.now(),
  });
  return { host: showingHost(host, line, total), end: line.end };
}
