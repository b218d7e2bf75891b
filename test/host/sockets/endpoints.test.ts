import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { askAppServer } from "../../../src/host/sockets/app-server.ts";
import { refusesConnections } from "../../../src/host/sockets/endpoints.ts";

test("a port refuses once its server has closed, and not before", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await refusesConnections(address)).toBe(false);
  server.close();
  await once(server, "close");
  expect(await refusesConnections(address)).toBe(true);
});

const ask = async (connectTo: string): Promise<string> => (await askAppServer({ url: connectTo, connectTo, ids: [] }, "0.0.0")).kind;

test("an address whose port is no port is unanswered", async () => {
  expect(await ask("ws://127.0.0.1:99999")).toBe("unanswered");
});

test.each(["ws://127.0.0.1:1", "ws://127.0.0.1:1/", "ws+unix:/nonexistent/sessreap/x.sock:/"])("%s refuses", async (address) => {
  expect(await ask(address)).toBe("refused");
});

test("a socket below a file is unanswered, for the path does not show that the socket is missing", async () => {
  expect(await ask("ws+unix:/etc/passwd/x.sock:/")).toBe("unanswered");
});
