// What a program does to the files below a directory, read from strace's log: the calls that change something, in the
// order in which they returned.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const calls =
  "openat open creat write pwrite64 writev rename renameat renameat2 link linkat unlink unlinkat rmdir mkdir mkdirat chdir fchdir";
const syncs = "fsync fdatasync ftruncate truncate copy_file_range sendfile sync_file_range";

/** What comes before the program. Names and data come as hexadecimal digits, so that nothing in them has to be escaped. */
export const under = (log) => {
  const wanted = `${calls} ${syncs}`.split(" ").map((call) => `?${call}`);
  return ["strace", "-f", "-y", "-qq", "-xx", "-s", "1048576", "-o", log, `-etrace=${wanted.join(",")}`];
};

const bytesOf = (hex) => Buffer.from(hex.replaceAll("\\x", ""), "hex");
const textOf = (hex) => bytesOf(hex).toString("utf8");

/** Calls that were interrupted by another thread's are put together where they end. */
function* wholeLines(log) {
  const begun = new Map();
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const [, pid, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest === undefined) continue;
    if (rest.endsWith(" <unfinished ...>")) {
      begun.set(pid, rest.slice(0, -" <unfinished ...>".length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    yield { pid, call: resumed === null ? rest : `${begun.get(pid) ?? ""}${resumed[1]}` };
  }
}

/** The arguments of a call: strings, descriptors with the path that they lead to, and words. */
function argumentsOf(text) {
  return [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?|(AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>(?:\(deleted\))?|([\w|]+)/g)].map(
    ([, string, fd, path, word]) => {
      if (string !== undefined) return { text: string };
      return fd === undefined ? { word } : { fd, path: textOf(path) };
    },
  );
}

/** Every change below `root`, as the model understands it. */
export function changesIn(log, root) {
  const opened = new Map();
  const changes = [];
  /** The working directory of each process. */
  const cwds = new Map();
  /** A name, seen from a directory that is open, or through a process that holds one, or from where a process stands. */
  const pathOf = (pid, name, from) => {
    const [, whose, fd, rest] = /^\/proc\/(self|\d+)\/fd\/(\d+)(\/.*)?$/.exec(name) ?? [];
    const held = fd === undefined ? undefined : opened.get(`${whose === "self" ? pid : whose} ${fd}`);
    return held === undefined ? resolve(from ?? cwds.get(pid) ?? "/", name) : resolve(join(held, rest ?? ""));
  };
  const inside = (path) => path === root || path.startsWith(`${root}/`);
  for (const { pid, call } of wholeLines(log)) {
    const [, name, text, result, resultPath] = /^(\w+)\((.*)\) += (-?\d+)(?:<((?:\\x[0-9a-f]{2})*)>)?/.exec(call) ?? [];
    if (name === undefined || Number(result) < 0) continue;
    const args = argumentsOf(text);
    const names = args.flatMap((argument, at) => {
      if (argument.text === undefined) return [];
      const before = args[at - 1];
      return [pathOf(pid, textOf(argument.text), before?.path)];
    });
    const { path } = args[0] ?? {};
    if (name === "chdir" || name === "fchdir") {
      cwds.set(pid, names[0] ?? path);
      continue;
    }
    const add = (change) => changes.push({ ...change, pid });
    if (/^open|^creat/.test(name)) {
      const to = resultPath === undefined ? names[0] : textOf(resultPath);
      opened.set(`${pid} ${result}`, to);
      const flags = args.map(({ word }) => word ?? "").join("|");
      if (inside(to) && /O_CREAT|O_TRUNC/.test(flags)) add({ kind: "open", path: to, truncate: flags.includes("O_TRUNC") });
    } else if (/^p?writev?(?:64)?$/.test(name)) {
      if (inside(path ?? "")) add({ kind: "write", path, data: bytesOf(args[1].text).subarray(0, Number(result)) });
    } else if (name === "ftruncate") {
      if (inside(path ?? "")) add({ kind: "truncate", path, length: Number(args[1].word) });
    } else if (name === "fsync" || name === "fdatasync") {
      if (inside(path ?? "")) add({ kind: "sync", path });
    } else if (names.some(inside)) {
      const [from, to] = names;
      if (name.startsWith("rename")) add({ kind: text.includes("RENAME_EXCHANGE") ? "exchange" : "rename", from, to });
      else if (name.startsWith("link")) add({ kind: "link", from, to });
      else if (name.startsWith("unlink") || name === "rmdir") add({ kind: "unlink", path: from });
      else if (name.startsWith("mkdir")) add({ kind: "mkdir", path: from });
      else throw new Error(`the model does not know ${call.slice(0, 80)}`);
    }
  }
  return changes;
}
