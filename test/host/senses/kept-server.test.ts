import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { keepServer } from "../../../src/host/senses/kept-server.ts";
import { scratchDirectory } from "../scratch.ts";

test("a server answers and then drops each connection: the pause before the next one grows all the same", async () => {
  const socket = join(scratchDirectory(), "app.sock");
  const http = createServer();
  new WebSocketServer({ server: http }).on("connection", (client) => {
    client.on("message", (data: Buffer) => {
      const { id, method } = JSON.parse(data.toString("utf8")) as { readonly id: number | undefined; readonly method: string };
      if (id === undefined) return;
      client.send(JSON.stringify({ id, result: method === "initialize" ? {} : { data: [], nextCursor: null } }));
      if (method !== "initialize") setTimeout(() => client.terminate(), 50);
    });
  });
  await new Promise<void>((resolve) => void http.listen(socket, resolve));
  onTestFinished(() => void http.close());
  const [connected, lost]: [number[], string[]] = [[], []];
  const kept = keepServer(`ws+unix:${socket}`, "0.0.0", {
    connected: ({ size }) => connected.push(size),
    loaded: () => undefined,
    closed: () => undefined,
    lost: (why) => lost.push(why),
  });
  onTestFinished(kept.close);
  await new Promise((resolve) => void setTimeout(resolve, 3_200));
  expect(connected.length).toBeGreaterThan(1);
  expect(connected.length).toBeLessThan(5);
  expect(lost.length).toBe(connected.length);
});
