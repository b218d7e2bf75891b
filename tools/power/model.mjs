// A file system that remembers what is durable. Data is after an fsync of its file; a name is after an fsync of its
// directory; of what lies between, any part may survive that depends on nothing lost.
import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const swapName = /^(\..+\.sessreap-\d+-)(\d+)(\.swap)$/;

export class Model {
  /** Everything that is there before the program starts is durable. */
  constructor(root, { forgetful = false } = {}) {
    this.root = root;
    /** For a proof that the model finds holes: nothing is ever synced. */
    this.forgetful = forgetful;
    this.inodes = [];
    this.step = 0;
    this.top = this.#readIn(root);
  }

  #add(inode) {
    this.inodes.push({ ...inode, number: this.inodes.length, changed: this.step });
    return this.inodes.at(-1);
  }

  #readIn(path) {
    const stat = lstatSync(path);
    if (!stat.isDirectory()) {
      const bytes = readFileSync(path);
      return this.#add({ kind: "file", now: bytes, durable: bytes, mode: stat.mode, mtime: stat.mtimeMs, born: true });
    }
    // Sockets and symbolic links are those of the run lock, of which a power cut leaves nothing that counts.
    const there = readdirSync(path, { withFileTypes: true }).filter((one) => one.isFile() || one.isDirectory());
    const names = new Map(there.map(({ name }) => [name, this.#readIn(join(path, name)).number]));
    return this.#add({ kind: "directory", now: names, durable: new Map(names), pending: [], mode: stat.mode });
  }

  #at(path) {
    if (path === this.root) return this.top;
    const parent = this.#at(dirname(path));
    const number = parent?.now.get(basename(path));
    return number === undefined ? undefined : this.inodes[number];
  }

  /** One change of one directory, which happens as a whole or not at all. */
  #rename(directory, sets) {
    for (const [name, number] of sets) {
      if (number === undefined) directory.now.delete(name);
      else directory.now.set(name, number);
    }
    directory.pending.push({ step: this.step, directory: directory.number, sets });
  }

  apply(change) {
    this.step += 1;
    const parent = (path) => this.#at(dirname(path));
    const { kind, path, from, to } = change;
    if (kind === "open") {
      const there = this.#at(path);
      if (there === undefined)
        this.#rename(parent(path), [
          [basename(path), this.#add({ kind: "file", now: Buffer.alloc(0), durable: undefined, mode: 0o600 }).number],
        ]);
      else if (change.truncate) this.#write(there, Buffer.alloc(0));
    } else if (kind === "mkdir") {
      const made = this.#add({ kind: "directory", now: new Map(), durable: new Map(), pending: [], mode: 0o700 });
      this.#rename(parent(path), [[basename(path), made.number]]);
    } else if (kind === "write") this.#write(this.#at(path), Buffer.concat([this.#at(path).now, change.data]));
    else if (kind === "truncate") this.#write(this.#at(path), this.#at(path).now.subarray(0, change.length));
    else if (kind === "sync") this.#sync(this.#at(path));
    else if (kind === "unlink") this.#rename(parent(path), [[basename(path), undefined]]);
    // A socket is made by a call that is not watched, holds no data, and answers nothing after a power cut.
    else if (this.#at(from) === undefined) return;
    else if (kind === "link") this.#rename(parent(to), [[basename(to), this.#at(from).number]]);
    else this.#move(kind, from, to);
  }

  #move(kind, from, to) {
    const [moved, displaced] = [this.#at(from), this.#at(to)];
    const [, , real] = swapName.exec(basename(to)) ?? [];
    // The name says the inode number of the new file, which is another one wherever this is built up again.
    if (real !== undefined) moved.real = real;
    if (dirname(from) !== dirname(to)) throw new Error(`${from} moves to another directory`);
    const back = kind === "exchange" ? displaced.number : undefined;
    this.#rename(this.#at(dirname(from)), [
      [basename(from), back],
      [basename(to), moved.number],
    ]);
  }

  #write(inode, bytes) {
    inode.now = bytes;
    inode.changed = this.step;
  }

  #sync(inode) {
    if (this.forgetful || inode === undefined) return;
    if (inode.kind === "file") inode.durable = inode.now;
    else {
      inode.durable = new Map(inode.now);
      inode.pending = [];
    }
  }

  /** Which changes of names may have survived: none, all, every one by one lost or kept, and each history up to a moment. */
  #survivors() {
    const pending = this.inodes.flatMap((inode) => inode.pending ?? []).toSorted((a, b) => a.step - b.step);
    const touches = (a, b) =>
      a.directory === b.directory &&
      a.sets.some(([name, number]) => b.sets.some(([other, same]) => name === other || (number !== undefined && number === same)));
    const choices = [];
    for (let at = 0; at <= pending.length; at += 1) choices.push(pending.slice(0, at));
    for (const lost of pending) {
      const gone = new Set([lost]);
      for (const later of pending) if (later.step > lost.step && [...gone].some((one) => touches(one, later))) gone.add(later);
      choices.push(pending.filter((one) => !gone.has(one)));
    }
    for (const kept of pending) {
      const needed = new Set([kept]);
      for (const earlier of pending.toReversed())
        if (earlier.step < kept.step && [...needed].some((one) => touches(one, earlier))) needed.add(earlier);
      choices.push(pending.filter((one) => needed.has(one)));
    }
    return choices;
  }

  static #data = {
    lost: ({ durable }) => durable ?? Buffer.alloc(0),
    kept: ({ now }) => now,
    torn: ({ durable, now }) => {
      const from = durable !== undefined && now.subarray(0, durable.length).equals(durable) ? durable.length : 0;
      return now.subarray(0, from + ((now.length - from) >> 1));
    },
    zeroed: ({ durable, now }) => {
      const from = durable !== undefined && now.subarray(0, durable.length).equals(durable) ? durable.length : 0;
      return Buffer.concat([now.subarray(0, from), Buffer.alloc(now.length - from)]);
    },
  };

  #tree(inode, names, content) {
    if (inode.kind === "file") {
      const bytes = inode.durable !== undefined && inode.durable.equals(inode.now) ? inode.now : content(inode);
      return { inode, bytes };
    }
    const entries = [...(names.get(inode.number) ?? inode.durable)].map(([name, number]) => [
      name,
      this.#tree(this.inodes[number], names, content),
    ]);
    return { inode, entries: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  }

  /** Every state that the disk may be in if the power goes now, each once. */
  *states() {
    for (const kept of this.#survivors()) {
      const names = new Map(
        this.inodes.filter(({ kind }) => kind === "directory").map(({ number, durable }) => [number, new Map(durable)]),
      );
      for (const { directory, sets } of kept) {
        for (const [name, number] of sets) {
          if (number === undefined) names.get(directory).delete(name);
          else names.get(directory).set(name, number);
        }
      }
      for (const [data, content] of Object.entries(Model.#data)) {
        const tree = this.#tree(this.top, names, content);
        yield { tree, how: `${kept.length} names kept, data ${data}`, print: print(tree) };
      }
    }
  }
}

function print({ inode, bytes, entries }) {
  if (bytes !== undefined) return `${inode.number}:${bytes.toString("latin1")}`;
  return `{${entries.map(([name, node]) => `${name}=${print(node)}`).join(",")}}`;
}

/** Builds a state up in a directory that is there; `when` is the time of the first step, in ms. */
export function build({ entries }, path, when, moved) {
  const made = new Map();
  const place = (nodes, to) => {
    for (const [name, node] of nodes) {
      const at = join(to, name);
      if (node.bytes === undefined) {
        mkdirSync(at, { mode: node.inode.mode & 0o7777 });
        place(node.entries, at);
      } else if (!swapName.test(name)) write(node, at);
    }
    for (const [name, node] of nodes) {
      const [, head, real, tail] = swapName.exec(name) ?? [];
      if (real !== undefined) write(node, join(to, `${head}${made.get(real) ?? 0}${tail}`));
    }
  };
  const write = ({ inode, bytes }, at) => {
    writeFileSync(at, moved(bytes), { mode: inode.mode & 0o7777 });
    const time = (inode.born && inode.changed === 0 ? inode.mtime : when + inode.changed) / 1000;
    utimesSync(at, time, time);
    if (inode.real !== undefined) made.set(inode.real, lstatSync(at, { bigint: true }).ino);
  };
  place(entries, path);
}
