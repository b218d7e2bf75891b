// The registries that the bench sweeps: made anew in a scratch directory, the same for every competitor.
import { createWriteStream, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";

const day = 86_400_000;

/** A session id that belongs to a number, so that the same registry is built every time. */
export const sessionId = (number) =>
  `019d${(number >>> 16).toString(16).padStart(4, "0")}-${(number & 0xffff).toString(16).padStart(4, "0")}-7c71-b2fd-bfff53df6cde`;

/** One entry in seven is a ghost: silent for longer than the TTL, and nothing holds it. */
const isGhost = (number) => number % 7 === 3;

export const ghostCount = (count) => Array.from({ length: count }, (_, number) => number).filter(isGhost).length;

/** `due: false` makes a registry in which every entry was registered a minute ago. */
function entry(number, nowMs, due) {
  const age = due ? (isGhost(number) ? 30 : 1) * day : 60_000;
  const at = new Date(nowMs - age - (number % 3600) * (due ? 1000 : 1)).toISOString();
  return {
    threadId: sessionId(number),
    registeredAt: at,
    lastActivityAt: at,
    cwd: `/home/dev/project-${number % 97}`,
    model: "gpt-5-codex",
    suspended: false,
  };
}

/** A bridge's `registrations.json`: one object keyed by agent, indented by two spaces. */
export async function bridgeRegistry(path, count, due = true) {
  const nowMs = Date.now();
  const out = createWriteStream(path, { mode: 0o600 });
  out.write("{");
  for (let number = 0; number < count; number += 1) {
    const body = JSON.stringify(entry(number, nowMs, due), null, 2).replaceAll("\n", "\n  ");
    const more = out.write(`${number === 0 ? "" : ","}\n  "agent-${number}": ${body}`);
    if (!more) await once(out, "drain");
  }
  out.end("\n}\n");
  await once(out, "close");
  return path;
}

/** One file a marker, `.in_use/<pid>`, in so many directories; `live` of them carry the pid of a process that runs. */
export function markerTree(root, count, directories, live) {
  const old = (Date.now() - 10 * day) / 1000;
  // Above every pid that this machine hands out, and below the largest that Linux knows.
  const firstDead = 4_194_303 - count;
  const step = Math.max(1, Math.floor(count / Math.max(1, live.length)));
  for (let at = 0; at < directories; at += 1) {
    const directory = join(root, "market", `plugin-${at}`, "1.0.0", ".in_use");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (let number = at; number < count; number += directories) {
      const holder = number % step === 0 ? live[number / step] : undefined;
      const pid = holder?.pid ?? firstDead + number;
      const path = join(directory, String(pid));
      writeFileSync(path, `{"pid":${pid},"procStart":"${holder?.startTicks ?? 12_345}"}`, { mode: 0o600 });
      utimesSync(path, old, old);
    }
    utimesSync(directory, old, old);
  }
  return root;
}
