import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { start, until, type Running } from "./processes.ts";

/** An app server of a test's own: it speaks as much of Codex's protocol as sessreap asks for, at a unix socket. */
export type FakeServer = Running & {
  readonly url: string;
  /** From now on exactly these threads are loaded. */
  readonly load: (...threads: readonly string[]) => void;
};

const source = `
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from ${JSON.stringify(resolve("node_modules/ws/wrapper.mjs"))};
const [, , , , url, threads] = process.argv;
const loaded = () => JSON.parse(readFileSync(threads, "utf8"));
const answers = {
  initialize: () => ({ result: {} }),
  "thread/loaded/list": () => ({ result: { data: loaded(), nextCursor: null } }),
  "thread/read": ({ threadId }) =>
    loaded().includes(threadId)
      ? { result: { thread: { id: threadId, status: { type: "idle" } } } }
      : { error: { code: -32600, message: "thread not loaded: " + threadId } },
};
const http = createServer();
new WebSocketServer({ server: http }).on("connection", (socket) => {
  socket.on("message", (data) => {
    const { id, method, params } = JSON.parse(data);
    if (id !== undefined) socket.send(JSON.stringify({ id, ...answers[method](params) }));
  });
});
http.listen(url.slice("unix://".length));
`;

export async function startFakeServer(dir: string, name = "app"): Promise<FakeServer> {
  mkdirSync(dir, { recursive: true });
  const [script, socket, threads] = [join(dir, `${name}.mjs`), join(dir, `${name}.sock`), join(dir, `${name}.threads`)];
  const load = (...ids: readonly string[]): void => writeFileSync(threads, JSON.stringify(ids));
  load();
  writeFileSync(script, source);
  const url = `unix://${socket}`;
  const running = await start(process.execPath, [script, "app-server", "--listen", url, threads], { argv0: "codex" });
  await until("the app server of the test listens", () => existsSync(socket));
  return { ...running, url, load };
}
