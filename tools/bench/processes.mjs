// Processes for the bench to look at: sleepers with command lines as long as real ones, some of them with a session id.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { sessionId } from "./registries.mjs";

export const processCount = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length;

const crowdProgram = String.raw`
import os, sys, signal
count, prefix = int(sys.argv[1]), sys.argv[2]
for number in range(count):
    if os.fork() == 0:
        name = f"{prefix}/worker-{number} --config /home/dev/.config/worker/settings.toml --level info --seed {number:032x}"
        os.execv("/bin/sleep", [name, "3600"])
print("up", flush=True)
sys.stdin.read()
`;

/** So many sleepers under one parent, which takes them with it. */
export async function crowd(count) {
  const parent = spawn("python3", ["-c", crowdProgram, String(count), "/opt/workers"], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => parent.stdout.once("data", resolve));
  const children = () =>
    readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return {
    children,
    stop: () => {
      for (const pid of children()) process.kill(pid);
      parent.kill();
    },
  };
}

/** Processes that an observer takes for agent CLIs, each with the id of one of the sessions. */
export function agents(count) {
  const started = Array.from({ length: count }, (_, number) => {
    // Perl keeps the argv that it was given, and leaves the words behind the program alone.
    return spawn("perl", ["-e", "sleep 3600", "resume", sessionId(number)], { argv0: "codex", stdio: "ignore" });
  });
  return { stop: () => started.forEach((child) => child.kill()) };
}

export function startTicksOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}
