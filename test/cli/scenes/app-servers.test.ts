import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pretend } from "../../processes.ts";
import {
  by,
  configure,
  daysAgo,
  leaveOut,
  loopbackTells,
  newScratch,
  sessreap,
  sweepReport,
  writeOld,
  type RunOptions,
  type Scratch,
} from "../harness.ts";

/** A port at which nothing listens a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A bridge's registry with one thread in it. */
function bridge(scratch: Scratch, days = 1): string {
  const thread = { threadId: randomUUID(), registeredAt: daysAgo(days) };
  return writeOld(join(scratch.dir, "registrations.json"), JSON.stringify({ mars: thread }));
}

async function judged(scratch: Scratch, url: string, options: RunOptions = {}): Promise<string | undefined> {
  return by(await sweepReport(scratch, ["--registry", bridge(scratch), "--app-server", url, "--now"], options), "verdict", "reason")[
    "mars"
  ];
}

test("a thread behind an address at which nothing is goes, also by the name of localhost and of a socket", async () => {
  const scratch = newScratch();
  const port = await freePort();
  for (const url of [`ws://127.0.0.1:${port}`, `ws://localhost:${port}`, `ws://[::1]:${port}`]) {
    expect(await judged(scratch, url), url).toBe(loopbackTells() ? "ghost app-server-down" : "undecided foreign-network");
  }
  expect(await judged(scratch, `unix://${scratch.dir}/none/app.sock`)).toBe("ghost app-server-down");
});

test.each(["ws://0.0.0.0:PORT", "ws://[::]:PORT", "ws://[::ffff:127.0.0.1]:PORT", "ws://localhost:PORT"])(
  "an app server that is to listen at %s, and does not answer yet, is not down",
  async (listen) => {
    const scratch = newScratch();
    const port = await freePort();
    await pretend(scratch.dir, ["codex", "app-server", "--listen", listen.replace("PORT", String(port))]);
    const doubt = loopbackTells() ? "app-server-unreachable" : "foreign-network";
    expect(await judged(scratch, `ws://127.0.0.1:${port}`)).toBe(`undecided ${doubt}`);
  },
);

test("what listens at all interfaces is there, though it speaks another protocol", async () => {
  const scratch = newScratch();
  const server = createServer((socket) => socket.end()).listen(0, "::");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  expect(await judged(scratch, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`)).toBe("undecided app-server-unreachable");
});

test("in a network namespace of its own a sweep cannot tell that a server is down, and a socket's it can", async (context) => {
  const { status, stderr } = spawnSync("unshare", ["--net", "/bin/true"], { encoding: "utf8" });
  if (status !== 0) {
    leaveOut("a network namespace", stderr?.trim() ?? "there is no unshare here");
    context.skip();
  }
  const scratch = newScratch();
  // With its loopback interface up an address refuses there, too.
  const up = "ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null";
  const under = ["unshare", "--net", "/bin/sh", "-c", `${up}; "$@"; exit $?`, "sh"];
  expect(await judged(scratch, "ws://127.0.0.1:8788", { under })).toMatch(/^undecided (foreign-network|app-server-unreachable)$/);
  expect(await judged(scratch, `unix://${scratch.dir}/none/app.sock`, { under })).toBe("ghost app-server-down");
  const url = "ws://127.0.0.1:8788";
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path: bridge(scratch), appServers: [url] }] });
  const { stdout } = await sessreap(scratch, ["doctor", "--json"], { under });
  const { guards } = JSON.parse(stdout) as { readonly guards: readonly { readonly name: string; readonly cause: string }[] };
  expect(guards.find(({ name }) => name === url)?.cause).toMatch(/^(foreign-network|app-server-unreachable)$/);
});

test.each([
  ["ws://127.0.0.1:0", "its port is none"],
  ["unix:///run/\u001b[2Jx.sock", "it has an escape sequence"],
])("the address %j is refused, for %s", async (url) => {
  const scratch = newScratch();
  const { code, stderr } = await sessreap(scratch, ["--registry", bridge(scratch), "--app-server", url]);
  expect(code).toBe(2);
  expect(stderr).toContain("is not a loopback address");
  expect(stderr).not.toContain("\u001b");
});

test("of a server that was only tried, explain says with which option the entry is judged sooner", async () => {
  const scratch = newScratch();
  const url = `ws://127.0.0.1:${await freePort()}`;
  const env = { CODEX_APP_SERVER_URL: url };
  const { stdout } = await sessreap(scratch, ["explain", "mars", "--registry", bridge(scratch)], { env });
  expect(stdout).toContain(`judged today with sessreap explain --app-server ${url} `);
});
