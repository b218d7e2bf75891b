import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { askAppServer } from "../../../src/host/sockets/app-server.ts";
import { abstractAddress } from "../../../src/host/sockets/abstract-socket.ts";
import { refuses, takeAddress } from "../../../src/host/sockets/handles.ts";
import { leaveOut } from "../../cli/harness.ts";

const isTried = process.platform === "linux" && ["20", "24"].includes(process.versions.node.split(".")[0] ?? "");
if (!isTried) leaveOut("Node's own handles", "another Node leaves everything to node:net");

async function listen(server: ReturnType<typeof createServer>, address: string | number): Promise<"listening" | "taken"> {
  if (typeof address === "number") server.listen(address, "127.0.0.1");
  else server.listen(address);
  try {
    await once(server, "listening");
    return "listening";
  } catch {
    return "taken";
  }
}

test.runIf(isTried)("an address that a handle has taken is taken for node:net, and the other way round", async () => {
  const address = abstractAddress(`sessreap-test-${process.pid}`);
  const held = takeAddress(address);
  if (held === undefined || held === "taken") throw new Error("it is free");
  const server = createServer();
  expect(await listen(server, address)).toBe("taken");
  expect(takeAddress(address)).toBe("taken");
  held.release();
  expect(await listen(server, address)).toBe("listening");
  expect(takeAddress(address)).toBe("taken");
  server.close();
});

test.runIf(isTried)("a port refuses when nobody listens there any more, and not before", async () => {
  const server = createServer();
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  expect(await refuses(port, 500)).toBe(false);
  server.close();
  await once(server, "close");
  expect(await refuses(port, 500)).toBe(true);
});

const ask = async (connectTo: string): Promise<string> => (await askAppServer({ url: connectTo, connectTo, ids: [] }, "0.0.0")).kind;

test("an address whose port is no port is unanswered, and no other port is asked instead", async () => {
  // What an address of 16 bits makes of 99999.
  const server = createServer();
  const other = await listen(server, 99_999 - 65_536);
  expect(await ask("ws://127.0.0.1:99999")).toBe("unanswered");
  if (other === "listening") server.close();
});

test.each(["ws://127.0.0.1:1", "ws://127.0.0.1:1/", "ws+unix:/nonexistent/sessreap/x.sock:/"])("%s refuses", async (address) => {
  expect(await ask(address)).toBe("refused");
});

test("a socket below what is no directory is unanswered, for nobody can say that it is not there", async () => {
  expect(await ask("ws+unix:/etc/passwd/x.sock:/")).toBe("unanswered");
});
