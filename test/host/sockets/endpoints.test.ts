import { once } from "node:events";
import { symlinkSync, unlinkSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { askAppServer } from "../../../src/host/sockets/app-server.ts";
import { probeEndpoint, refusalOf } from "../../../src/host/sockets/endpoints.ts";
import { listenersAt, listeningAmong } from "../../../src/host/sockets/listeners.ts";
import { start } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";

const noUsers: ReadonlySet<number> = new Set();

test("a port refuses once its server has closed, and not before", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await refusalOf(address, noUsers)).toBeUndefined();
  server.close();
  await once(server, "close");
  expect(await refusalOf(address, noUsers)).toMatchObject({ kind: "refused", listens: { seen: true, value: false } });
});

const ask = async (connectTo: string): Promise<string> =>
  (await askAppServer({ url: connectTo, connectTo, ids: [], users: noUsers }, "0.0.0")).kind;

test("an address whose port is no port is unanswered", async () => {
  expect(await ask("ws://127.0.0.1:99999")).toBe("unanswered");
});

test.each(["ws://127.0.0.1:1", "ws://127.0.0.1:1/", "ws+unix:/nonexistent/sessreap/x.sock:/"])("%s refuses", async (address) => {
  expect(await ask(address)).toBe("refused");
});

test("a socket below a file is unanswered, for the path does not show that the socket is missing", async () => {
  expect(await ask("ws+unix:/etc/passwd/x.sock:/")).toBe("unanswered");
});

async function listen(host: string, port = 0): Promise<Server> {
  const server = createServer().listen(port, host);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const us = process.getuid?.() ?? 0;

test("localhost refuses only where neither of its addresses has a listener", async () => {
  const server = await listen("::1");
  const address = `ws://localhost:${portOf(server)}`;
  expect(await refusalOf(address, noUsers)).toBeUndefined();
  expect(await refusalOf(address.replace("localhost", "127.0.0.1"), noUsers)).toMatchObject({ listens: { value: false } });
  server.close();
  await once(server, "close");
  expect(await refusalOf(address, noUsers)).toMatchObject({ listens: { value: false } });
});

test.each(["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"])(
  "what listens at %s is seen to listen at the loopback address",
  async (host) => {
    const port = portOf(await listen(host));
    expect(listenersAt({ kind: "tcp", hosts: ["127.0.0.1"], port })).toHaveLength(1);
    expect(listeningAmong({ kind: "tcp", hosts: ["127.0.0.1"], port }, [process.ppid, process.pid])).toEqual([process.pid]);
  },
);

test.each(["127.0.0.2", "::1"])("what listens at %s does not listen at the loopback address", async (host) => {
  expect(listenersAt({ kind: "tcp", hosts: ["127.0.0.1"], port: portOf(await listen(host)) })).toEqual([]);
});

test("of two that listen at one port, the one at the very address is meant", async () => {
  const own = await listen("127.0.0.3");
  const { child } = await start(process.execPath, [
    "-e",
    `require("node:net").createServer().listen(${portOf(own)}, "127.0.0.2", () => console.log())`,
  ]);
  await once(child.stdout as NodeJS.ReadableStream, "data");
  expect(listeningAmong({ kind: "tcp", hosts: ["127.0.0.2"], port: portOf(own) }, [process.pid, child.pid as number])).toEqual([child.pid]);
});

test("a socket behind a link that leads nowhere is unanswered, for what is behind it is not seen", async () => {
  const directory = scratchDirectory();
  symlinkSync(join(directory, "unmounted"), join(directory, "codex"));
  expect(await ask(`ws+unix:${join(directory, "codex", "app.sock")}:/`)).toBe("unanswered");
});

test("an endpoint is connected to only where it belongs to the user of its registry", async () => {
  const path = join(scratchDirectory(), "editor.sock");
  let connections = 0;
  const server = createServer(() => (connections += 1)).listen(path);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const socket = { kind: "unix", path } as const;
  const port = { kind: "tcp", port: portOf(await listen("127.0.0.1")) } as const;
  const foreign = { kind: "unanswered", why: expect.stringContaining("it belongs to uid") };
  expect([await probeEndpoint(socket, us + 1), await probeEndpoint(port, us + 1)]).toEqual([foreign, foreign]);
  expect(connections).toBe(0);
  expect([await probeEndpoint(socket, us), await probeEndpoint(port, us)]).toEqual([{ kind: "accepted" }, { kind: "accepted" }]);
});

test("a server whose socket was removed listens on", async () => {
  const path = join(scratchDirectory(), "app.sock");
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  unlinkSync(path);
  expect(await refusalOf(`ws+unix:${path}:/`, noUsers)).toMatchObject({ kind: "refused", listens: { seen: true, value: true } });
});
