import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Answer } from "../../../src/core/answer.ts";
import { installCodex, startCodexServer } from "../../codex.ts";
import {
  by,
  daysAgo,
  declareRegistry,
  leaveOut,
  loopbackTells,
  triedScratch,
  parseOnly,
  sessreap,
  sweepReport,
  writeOld,
  type Scratch,
} from "../harness.ts";

const since = daysAgo(1);
let program: string | undefined;

beforeAll(() => {
  try {
    program = installCodex();
  } catch (error) {
    leaveOut("every test with the real Codex app server", `it cannot be installed: ${String(error).split("\n")[0]}`);
  }
}, 180_000);

beforeEach(({ skip }) => {
  if (program === undefined) skip();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What the rung of the app servers alone says of an entry: a Codex that runs here shows its threads by their open files, too. */
async function serverSays(scratch: Scratch, words: readonly string[], key: string, env = {}): Promise<string> {
  const { stdout, stderr } = await sessreap(scratch, ["explain", key, "--grace", "0", "--json", ...words], { env });
  const { entries } = parseOnly(stdout, stderr) as { entries: readonly { rungs: readonly { name: string; answer: Answer }[] }[] };
  const answer = entries[0]?.rungs.find(({ name }) => name === "app-server-thread")?.answer;
  return answer === undefined || answer.kind === "not-applicable" ? "nothing" : `${answer.kind} ${answer.reason}`;
}

/**
 * Sweeps until nothing is left for the next one. A program that another test starts in the moment of the last look hides
 * for that moment what it is, and may be what holds the session; Copilot takes seconds to unpack itself.
 */
async function sweepUndisturbed(scratch: Scratch, words: readonly string[]): ReturnType<typeof sweepReport> {
  for (let attempt = 1; ; attempt += 1) {
    const report = await sweepReport(scratch, words);
    const left = report.entries.filter(({ action }) => action === "skipped");
    if (left.length === 0 || attempt === 5) return report;
    leaveOut(`entries that sweep ${attempt} left`, left.map(({ note }) => note).join("; "));
  }
}

const overTcp = async (): Promise<string> => `ws://127.0.0.1:${await freePort()}`;
const overUnix = ({ dir }: Scratch): Promise<string> => Promise.resolve(`unix://${join(dir, "app.sock")}`);

const transports: readonly (readonly [name: string, address: (scratch: Scratch) => Promise<string>])[] = [
  ["ws", overTcp],
  ["unix", overUnix],
];

test.each(transports)(
  "over %s: a loaded thread lives, an unknown one is a ghost, a hung server condemns nobody, a killed one does",
  async (_, address) => {
    const scratch = triedScratch();
    const codexHome = join(scratch.dir, "codex");
    const server = await startCodexServer(program as string, codexHome, await address(scratch));
    const loaded = await server.startThread();
    const path = declareRegistry(scratch, { appServers: [server.url] });
    writeOld(
      path,
      JSON.stringify({ loaded: { id: loaded, since }, shouted: { id: loaded.toUpperCase(), since }, unknown: { id: randomUUID(), since } }),
    );

    // A server younger than the grace period answers perfectly, and what it does not know proves nothing.
    expect(by(await sweepReport(scratch, []), "verdict", "rung", "reason")).toEqual({
      loaded: "live attached-process open-file",
      shouted: "live attached-process open-file",
      unknown: "undecided app-server-thread app-server-too-young",
    });
    for (const key of ["loaded", "shouted"]) expect(await serverSays(scratch, [], key)).toBe("live thread-loaded");

    // Where its writer locks are is known to nobody but itself: this Codex has a home of its own.
    const kept = { loaded: "live open-file kept", shouted: "live open-file kept" };
    expect(by(await sweepReport(scratch, ["--grace", "0"]), "verdict", "reason", "action")).toEqual({
      ...kept,
      unknown: "ghost thread-not-loaded pending",
    });

    server.signal("SIGSTOP");
    const hung = await sweepReport(scratch, ["--grace", "0", "--now"]);
    expect(by(hung, "verdict", "reason", "action")).toEqual({
      ...kept,
      unknown: "undecided app-server-unreachable kept",
    });
    expect(hung.exitCode).toBe(0);
    server.signal("SIGCONT");

    expect(by(await sweepReport(scratch, ["--grace", "0", "--now"]), "action")).toEqual({
      loaded: "kept",
      shouted: "kept",
      unknown: "reaped",
    });

    await server.kill();
    const isTold = !server.url.startsWith("ws:") || loopbackTells();
    const both = (word: unknown) => ({ loaded: word, shouted: word });
    // Which of the two is said first hangs on whether an earlier sweep could remember its process as the holder.
    const isDown: unknown = expect.stringMatching(/^ghost (?:holder-gone|app-server-down)$/);
    expect(by(await sweepReport(scratch, []), "verdict", "reason")).toEqual(both(isTold ? isDown : "undecided foreign-network"));
    expect(by(await sweepReport(scratch, []), "action")).toEqual(both(isTold ? "pending" : "kept"));
    expect(by(await sweepUndisturbed(scratch, ["--now"]), "action")).toEqual(both(isTold ? "reaped" : "kept"));
  },
);

test("a thread that one of two servers has loaded lives, although the other does not know it", async () => {
  const scratch = triedScratch();
  const [first, second] = await Promise.all([
    startCodexServer(program as string, join(scratch.dir, "first"), `unix://${scratch.dir}/first.sock`),
    startCodexServer(program as string, join(scratch.dir, "second"), `unix://${scratch.dir}/second.sock`),
  ]);
  const id = await second.startThread();
  const path = declareRegistry(scratch, { appServers: [first.url, second.url] });
  writeOld(path, JSON.stringify({ there: { id, since }, nowhere: { id: randomUUID(), since } }));
  expect(by(await sweepReport(scratch, ["--grace", "0"]), "verdict", "reason")).toEqual({
    there: "live open-file",
    nowhere: "ghost thread-not-loaded",
  });
  expect(await serverSays(scratch, [], "there")).toBe("live thread-loaded");
  await first.kill();
  // One is down for certain, the other has it or does not: both servers were looked at.
  expect(by(await sweepReport(scratch, ["--grace", "0"]), "verdict")).toEqual({ there: "live", nowhere: "ghost" });
});

test("a server that nobody configured may speak for a session, never against one", async () => {
  const scratch = triedScratch();
  const server = await startCodexServer(program as string, join(scratch.dir, "codex"), await overTcp());
  const id = await server.startThread();
  const path = writeOld(
    join(scratch.dir, "registrations.json"),
    JSON.stringify({ loaded: { threadId: id, registeredAt: since }, unknown: { threadId: randomUUID(), registeredAt: since } }),
  );
  const words = ["list", "--grace", "0", "--registry", path];
  const env = { CODEX_APP_SERVER_URL: server.url };
  expect(by(await sweepReport(scratch, words, { env }), "verdict", "reason")).toEqual({
    loaded: "live open-file",
    unknown: "undecided within-ttl",
  });
  expect(await serverSays(scratch, words.slice(3), "loaded", env)).toBe("live thread-loaded");
  const named = await sweepReport(scratch, [...words, "--app-server", server.url]);
  expect(by(named, "verdict", "reason")).toEqual({ loaded: "live open-file", unknown: "ghost thread-not-loaded" });
  await server.kill();
  expect(by(await sweepReport(scratch, words, { env }), "verdict", "reason")).toEqual({
    loaded: "undecided within-ttl",
    unknown: "undecided within-ttl",
  });
});

test("a server that wants a password condemns nobody", async () => {
  const scratch = triedScratch();
  const token = join(scratch.dir, "token");
  writeFileSync(token, "a".repeat(64), { mode: 0o600 });
  const auth = ["--ws-auth", "capability-token", "--ws-token-file", token];
  const server = await startCodexServer(program as string, join(scratch.dir, "codex"), await overTcp(), auth);
  const path = declareRegistry(scratch, { appServers: [server.url] });
  writeOld(path, JSON.stringify({ unknown: { id: randomUUID(), since } }));
  const report = await sweepReport(scratch, ["--grace", "0", "--now"]);
  expect(by(report, "verdict", "reason")).toEqual({ unknown: "undecided app-server-unreachable" });
  expect(report.entries[0]?.detail).toContain("401");
});
