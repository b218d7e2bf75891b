import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gonePid, launch } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";
import { by, leaveOut, loopbackTells, newScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";

async function listen(): Promise<{ readonly server: Server; readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** What an editor leaves: a file that is called by the port at which it listens. */
function editor({ home }: Scratch, port: number, pid?: number): string {
  return writeOld(join(home, ".claude", "ide", `${port}.lock`), JSON.stringify({ pid, workspaceFolders: ["/w"], ideName: "Quill" }));
}

const said = async (scratch: Scratch): Promise<readonly string[]> =>
  Object.values(by(await sweepReport(scratch, ["--registry", "claude-ide"]), "verdict", "reason", "action"));

test("an editor that records no process is a doubt while its port accepts, and goes at the second look when it refuses", async () => {
  const scratch = newScratch();
  const { server, port } = await listen();
  editor(scratch, port);
  expect(await said(scratch)).toEqual(["undecided endpoint-open kept"]);
  server.close();
  await once(server, "close");
  expect(await said(scratch)).toEqual([loopbackTells() ? "ghost endpoint-closed pending" : "undecided foreign-network kept"]);
});

test("the port of a process that is proven gone is not connected to", async () => {
  const scratch = newScratch();
  const { port, connections } = await listen();
  editor(scratch, port, (await gonePid()).pid);
  expect(await said(scratch)).toEqual(["ghost pid-gone reaped"]);
  expect(connections()).toBe(0);
});

test("a port at which another user listens is not connected to", async (context) => {
  if (!isRoot) {
    leaveOut("a port of another user", "only root can start a process of one");
    context.skip();
  }
  const scratch = newScratch();
  const script =
    'require("node:net").createServer(() => process.exit(1)).listen(0, "127.0.0.1", function () { console.log(this.address().port) })';
  const child = launch(process.execPath, ["-e", script], { uid: nobody, gid: nobody, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  editor(scratch, Number(line.toString("utf8")));
  expect(await said(scratch)).toEqual(["undecided endpoint-unanswered kept"]);
  expect(child.exitCode).toBeNull();
});
