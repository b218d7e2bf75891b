import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fields } from "../fields.ts";
import { by, configure, daysAgo, newScratch, parseOnly, startSessreap, sweepReport, writeOld } from "./harness.ts";
import type { SweepDocument } from "../../src/report/model/sweep.ts";
import { gonePid } from "../processes.ts";

/** An app server that takes every connection and never answers. */
async function silentServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, "listening");
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s while a sweep asks an app server: it reports, reaps nothing more, leaves the lock free, and exits %i",
  async (signal, code) => {
    const scratch = newScratch();
    const { server, url } = await silentServer();
    const since = daysAgo(1);
    const [asked, plain] = [join(scratch.dir, "asked.json"), join(scratch.dir, "plain.json")];
    writeOld(asked, JSON.stringify({ thread: { id: randomUUID(), since } }));
    const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
    writeOld(plain, text);
    configure(scratch, {
      registries: [
        { format: "keyed-json", path: asked, fields, appServers: [url] },
        { format: "keyed-json", path: plain, fields },
      ],
    });
    const connected = once(server, "connection");
    const child = startSessreap(scratch, ["--json"]);
    let stdout = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    await connected;
    const closed = once(child, "close");
    child.kill(signal);
    expect(await closed).toEqual([code, null]);
    const report = parseOnly(stdout) as SweepDocument;
    expect(report.exitCode).toBe(code);
    expect(by(report, "verdict", "action")).toEqual({ thread: "undecided kept", ghost: "ghost skipped" });
    expect(readFileSync(plain, "utf8")).toBe(text);
    expect(by(await sweepReport(scratch, ["--registry", plain]), "action")).toEqual({ ghost: "reaped" });
  },
);
