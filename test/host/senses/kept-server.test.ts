import { createServer } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { keepServer } from "../../../src/host/senses/kept-server.ts";
import { until } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";

type Heard = readonly [event: "connected" | "loaded" | "closed" | "lost", what: string];

type Connection = { readonly client: WebSocket; readonly raw: Duplex; readonly nth: number };

/** An app server that has these threads loaded. `onListed` is called with each connection that has been told of them. */
function serve(socket: string, loaded: readonly string[], onListed: (connection: Connection) => void): () => Promise<void> {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  let count = 0;
  http.on("upgrade", (request, raw, head) => sockets.handleUpgrade(request, raw, head, (client) => answer(client, raw)));
  function answer(client: WebSocket, raw: Duplex): void {
    client.on("error", () => undefined);
    client.on("message", (data: Buffer) => {
      const { id, method } = JSON.parse(data.toString("utf8")) as { readonly id: number | undefined; readonly method: string };
      if (id === undefined) return;
      client.send(JSON.stringify({ id, result: method === "initialize" ? {} : { data: loaded, nextCursor: null } }));
      if (method === "initialize") return;
      count += 1;
      onListed({ client, raw, nth: count });
    });
  }
  http.listen(socket);
  const stop = (): Promise<void> => {
    for (const client of sockets.clients) client.terminate();
    return new Promise((resolve) => void http.close(() => resolve()));
  };
  onTestFinished(stop);
  return stop;
}

function keep(socket: string): Heard[] {
  const heard: Heard[] = [];
  const kept = keepServer(`ws+unix:${socket}`, "0.0.0", {
    connected: (threads) => heard.push(["connected", [...threads].join()]),
    loaded: (id) => heard.push(["loaded", id]),
    closed: (id) => heard.push(["closed", id]),
    lost: (why) => heard.push(["lost", why]),
  });
  onTestFinished(kept.close);
  return heard;
}

const socketOf = (): string => join(scratchDirectory(), "app.sock");
const counted = (heard: readonly Heard[], event: Heard[0]): number => heard.filter(([one]) => one === event).length;
const notice = (method: string, params: object): string => JSON.stringify({ method, params });

test("a server answers and then drops each connection: the pause before the next one grows all the same", async () => {
  const socket = socketOf();
  serve(socket, [], ({ client }) => void setTimeout(() => client.terminate(), 50));
  const heard = keep(socket);
  await new Promise((resolve) => void setTimeout(resolve, 3_200));
  expect(counted(heard, "connected")).toBeGreaterThan(1);
  expect(counted(heard, "connected")).toBeLessThan(5);
  expect(counted(heard, "lost")).toBe(counted(heard, "connected"));
});

test.each<readonly [what: string, act: (connection: Connection) => void]>([
  ["closes the connection in the middle of a frame", ({ raw }) => raw.end(Buffer.from([0x81, 0x7e, 0x10, 0x00, 0x7b, 0x22]))],
  ["sends what is no frame", ({ raw }) => raw.write(Buffer.from("HTTP/1.1 500 out of order\r\n\r\n"))],
  ["sends a frame of a kind that there is none of", ({ raw }) => raw.write(Buffer.from([0x83, 0x00]))],
  ["sends a text that is no JSON", ({ client }) => client.send('{"method":"thread/closed","params":{"threadId":"a"')],
  ["sends a text that is no object", ({ client }) => client.send("17")],
  ["sends bytes for a text", ({ client }) => client.send(Buffer.from(notice("thread/closed", { threadId: "a" })))],
  ["sends a frame of more bytes than there may be", ({ raw }) => raw.write(hugeHeader)],
])("a server %s: the connection is lost, nothing counts as closed, and it is connected again", async (_, act) => {
  const socket = socketOf();
  serve(socket, ["a"], (connection) => void (connection.nth === 1 && act(connection)));
  const heard = keep(socket);
  // What came together with the list of threads ended the connection before that was heard of.
  await until("it is connected again", () => counted(heard, "lost") > 0 && heard.at(-1)?.[0] === "connected");
  expect(heard.filter(([event]) => event === "closed" || event === "loaded")).toEqual([]);
  expect(counted(heard, "lost")).toBe(1);
});

/** A text of 2^40 bytes begins. */
const hugeHeader = Buffer.from([0x81, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0]);

test("what a server says of threads is heard in its order, and what it says of nothing that is known is not", async () => {
  const socket = socketOf();
  const id = "019D7B2F-5EDE-7C71-B2FD-BFFF53DF6CDE";
  serve(socket, [id], ({ client }) => {
    client.send(notice("thread/started", { thread: { id: "new" } }));
    client.send(notice("thread/closed", { threadId: id }));
    client.send(notice("thread/status/changed", { threadId: id, status: { type: "idle" } }));
    client.send(notice("thread/status/changed", { threadId: "new", status: { type: "notLoaded" } }));
    for (const params of [{}, { threadId: 7 }, { thread: null }, { thread: { id: [] } }]) client.send(notice("thread/closed", params));
    client.send(notice("thread/renamed", { threadId: id }));
    client.send('{"id":99,"result":{"threadId":"new"}}');
    client.send(notice("thread/closed", { threadId: "last" }));
  });
  const heard = keep(socket);
  await until("the last one is heard", () => heard.at(-1)?.[1] === "last");
  const canonical = id.toLowerCase();
  expect(heard).toEqual([
    ["connected", canonical],
    ["loaded", "new"],
    ["closed", canonical],
    ["loaded", canonical],
    ["closed", "new"],
    ["closed", "last"],
  ]);
});

test("nothing listens yet, then a server does, and is started anew with other threads: each is connected to", async () => {
  const socket = socketOf();
  const heard = keep(socket);
  await until("the first attempt has failed", () => heard.length > 0);
  const stop = serve(socket, ["a"], () => undefined);
  await until("it is connected", () => counted(heard, "connected") === 1);
  await stop();
  await until("that it is lost is told", () => heard.at(-1)?.[0] === "lost");
  serve(socket, ["b"], () => undefined);
  await until("the next one is connected", () => counted(heard, "connected") === 2);
  expect(heard.filter(([event]) => event === "connected")).toEqual([
    ["connected", "a"],
    ["connected", "b"],
  ]);
});
