/**
 * The programs of the launches: real runtimes and wrappers where the machine has them, stand-ins under their names where it
 * has not, and agents that only wait. `sessreap` looks at argv, names and files, and a stand-in has all of those.
 */
import { chmodSync, existsSync, linkSync, mkdirSync, copyFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** The code of a program that waits for ever, whatever it is told. */
const waiting = {
  // mov eax, 34 (pause); syscall; jmp back
  x64: { machine: 0x3e, code: "b8220000000f05ebf7" },
  // x0 to x3: 0; x8: 73 (ppoll); svc 0; b back
  arm64: { machine: 0xb7, code: "000080d2010080d2020080d2030080d2280980d2010000d4faffff17" },
};

/** An executable of one segment, without a library: it starts under any path and any argv. */
function waitingProgram() {
  const { machine, code } = waiting[process.arch];
  const text = Buffer.from(code, "hex");
  const file = Buffer.alloc(120 + text.length);
  file.write("7f454c46020101", 0, "hex");
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(0x400078n, 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(0x400000n, 80);
  file.writeBigUInt64LE(0x400000n, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(4096n, 112);
  text.copy(file, 120);
  return file;
}

const waitingScript = "setInterval(() => {}, 1000);\n";
/** A wrapper that runs its words as a child: what `sudo` and `xvfb-run` do. */
const wrapper = '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\n"$@"\n';

/** Where `scratch` is for the programs that a proof makes. */
export function programsIn(scratch) {
  const directories = (process.env.PATH ?? "/usr/bin:/bin").split(delimiter);
  const bin = join(scratch, "bin");
  const at = (...parts) => {
    const path = join(scratch, ...parts);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  const waits = at("wait");
  writeFileSync(waits, waitingProgram(), { mode: 0o755 });
  const once = new Map();
  const made = (path, make) => {
    if (!once.has(path)) {
      make(path);
      once.set(path, path);
    }
    return path;
  };
  /** A program that waits, at a path below the scratch. */
  const native = (...parts) => made(at(...parts), (path) => linkSync(waits, path));
  /** A script of node's, bun's and deno's that waits. */
  const script = (...parts) => made(at(...parts), (path) => writeFileSync(path, waitingScript));
  const text = (content, ...parts) => made(at(...parts), (path) => writeFileSync(path, content));
  /** A program of the machine's, or one that stands in for it. */
  const tool = (name, standIn = "waits") => {
    const found = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
    if (found !== undefined) return { path: found, isReal: true };
    const path = join(bin, name);
    if (standIn === "waits") return { path: native("bin", name), isReal: false };
    made(at("bin", name), () => {
      writeFileSync(path, wrapper);
      chmodSync(path, 0o755);
    });
    return { path, isReal: false };
  };
  /** A shell under another name: a program that needs a loader. It runs the script that its first argument names. */
  const shellCalled = (...parts) =>
    made(at(...parts), (path) => {
      copyFileSync(realpathSync("/bin/sh"), path);
      chmodSync(path, 0o755);
    });
  /** A package's command, as npm links it. */
  const command = (project, name, target) =>
    made(at(project, "node_modules", ".bin", name), (path) => {
      chmodSync(target, 0o755);
      symlinkSync(target, path);
    });
  const loader = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].find((path) => existsSync(path));
  return { at, native, script, text, tool, shellCalled, command, loader };
}
