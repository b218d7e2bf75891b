// A small bridge between a registry of names and a Codex app server:
//
//   node bridge.mjs serve /var/lib/mybridge/threads.json ws://127.0.0.1:8788
//
// It reads a command a line from stdin and answers with a line of JSON:
//
//   register NAME CWD      starts a thread, and registers it
//   deliver NAME TEXT      hands a message to the thread
//   exit NAME              lets the server close the thread; its row goes the moment it has
//
// The registry is one JSON object: { "NAME": { "threadId": …, "registeredAt": … } }.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { reapOne, reconcile } from "sessreap/host";
import { WebSocket } from "ws";

const [, , , path, server] = process.argv;
const registry = {
  format: "keyed-json",
  path,
  about: "thread",
  appServers: [server],
  fields: { sessionId: "threadId", registeredAt: "registeredAt" },
  // By this every other sweep of the machine knows that this bridge is up, and leaves the file to it.
  owner: { argv: ["bridge.mjs", "serve", path] },
};

const rows = () => JSON.parse(existsSync(path) ? readFileSync(path, "utf8") : "{}");
const say = (line) => void process.stdout.write(`${JSON.stringify(line)}\n`);

// The file is changed by one hand at a time: a row is not written back that is just being taken out.
let last = Promise.resolve();
function inTurn(act) {
  last = last.then(act).catch((error) => say({ error: `${error.name}: ${error.message}` }));
  return last;
}

/** One connection to the app server: answers by id, and notifications between them. */
async function connect(onNotification) {
  const socket = new WebSocket(server.startsWith("unix://") ? `ws+unix:${server.slice("unix://".length)}:/` : server, {
    perMessageDeflate: false,
  });
  const waiting = new Map();
  socket.on("message", (data) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (method !== undefined) return onNotification(method, params);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    return error === undefined ? resolve(result) : reject(new Error(error.message));
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let calls = 0;
  const call = (method, params) =>
    new Promise((resolve, reject) => {
      calls += 1;
      waiting.set(calls, { resolve, reject });
      socket.send(JSON.stringify({ id: calls, method, params }));
    });
  return { call, close: () => socket.close() };
}

/** How long, in ms, it waits until it asks again: a server says that a thread is not loaded before it has closed its files. */
const pauses = [20, 50, 100, 200, 500, 1_000, 2_000];

/** The server says that a thread is no longer loaded: the row that names it goes, and no other. What stays is left to the next sweep. */
async function forget(threadId, attempt = 0) {
  let kept;
  await inTurn(async () => {
    const name = Object.entries(rows()).find(([, row]) => row.threadId === threadId)?.[0];
    if (name === undefined) return;
    const { gone, row } = await reapOne(name, { sessionId: threadId }, { registry });
    if (gone) say({ gone: name, at: Date.now(), asked: attempt + 1, tombstone: row?.tombstone ?? null });
    else kept = { kept: name, reason: row.reason };
  });
  if (kept === undefined) return;
  if (attempt === pauses.length) return say(kept);
  setTimeout(() => void forget(threadId, attempt + 1), pauses[attempt]);
}

const { state, rows: found } = await reconcile({ registry });
const { call, close } = await connect((method, { threadId, status }) => {
  if (method === "thread/closed" || (method === "thread/status/changed" && status.type === "notLoaded")) void forget(threadId);
});
await call("initialize", { clientInfo: { name: "small-bridge", title: "small bridge", version: "1" } });
say({ ready: state, rows: found.map(({ key, action, reason }) => ({ key, action, reason })) });

const commands = {
  register: async (name, cwd) => {
    const { thread } = await call("thread/start", { cwd });
    writeFileSync(
      path,
      `${JSON.stringify({ ...rows(), [name]: { threadId: thread.id, registeredAt: new Date().toISOString() } }, null, 2)}\n`,
    );
    say({ registered: name, threadId: thread.id });
  },
  deliver: async (name, text) => {
    const { turn } = await call("turn/start", { threadId: rows()[name].threadId, input: [{ type: "text", text }] });
    say({ delivered: name, turn: turn.id });
  },
  // A thread that has said something is put into the archive; one that never did has nothing to keep.
  exit: async (name) => {
    const { threadId } = rows()[name];
    const at = Date.now();
    await call("thread/archive", { threadId }).catch(() => call("thread/delete", { threadId }));
    say({ exited: name, at });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, name, ...rest] = line.split(" ");
  void inTurn(() => commands[command](name, rest.join(" ")));
}
await inTurn(close);
