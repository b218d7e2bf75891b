import { expect, test } from "vitest";
import { startBridge } from "./happenings.ts";
import { History } from "./history.ts";
import { day, hour, minute } from "./machine.ts";
import { markersPath, releasing } from "./registries.ts";
import type { Blindness } from "./simulated-host.ts";

/** Histories that once went wrong, told by hand. */

const [agents, bridge, loose] = ["/agents.json", "/registrations.json", "/loose.json"] as const;
const quiet = { quiet: true } as const;

async function fates(history: History, blindness: readonly Blindness[] = [], moment = {}): Promise<Readonly<Record<string, string>>> {
  const { entries } = await history.sweepOnce(new Set(blindness), { ...quiet, ...moment });
  return Object.fromEntries(Array.from(entries, ({ key, action, reason }) => [key, `${action} ${reason}`]));
}

test("two ghosts whose order a writer changes before the swap are cut out of the new order", async () => {
  const history = new History(1);
  for (const key of ["a", "b"]) history.crash(history.register(agents, "holder", key));
  history.machine.advance(hour);
  let turned = false;
  const meanwhile = (): void => {
    if (turned) return;
    turned = true;
    history.edit(agents, (entries) => {
      const { a } = entries;
      delete entries["a"];
      entries["a"] = a;
    });
  };
  expect(await fates(history, [], { meanwhile })).toMatchObject({ a: "reaped pid-gone", b: "reaped pid-gone" });
});

test("a thread that is loaded between judgement and swap keeps its entry", async () => {
  const history = new History(1);
  const session = history.register(bridge, "thread", "mars");
  history.machine.end(session);
  history.machine.advance(hour);
  expect(await fates(history)).toMatchObject({ mars: "pending thread-not-loaded" });
  history.machine.advance(5 * minute);
  const meanwhile = (): void => history.machine.show(session);
  expect(await fates(history, [], { meanwhile })).toMatchObject({ mars: "skipped thread-not-loaded" });
});

test("a session that came back before the swap and ended again waits for two looks anew", async () => {
  const history = new History(1);
  const session = history.register(agents, "cli", "mars");
  history.machine.advance(hour);
  expect(await fates(history)).toMatchObject({ mars: "kept attached-cli" });
  history.machine.end(session);
  expect(await fates(history)).toMatchObject({ mars: "pending holder-gone" });
  history.machine.advance(5 * minute);
  const meanwhile = (): void => history.machine.resume(session);
  expect(await fates(history, [], { meanwhile })).toMatchObject({ mars: "skipped holder-gone" });
  history.machine.end(session);
  expect(await fates(history)).toMatchObject({ mars: "pending holder-gone" });
  history.machine.advance(5 * minute);
  expect(await fates(history)).toMatchObject({ mars: "reaped holder-gone" });
});

test("an agent that goes on under another session keeps the entry of the one that it showed, by doubt", async () => {
  const history = new History(1);
  const session = history.register(agents, "cli", "mars");
  history.machine.advance(hour);
  expect(await fates(history)).toMatchObject({ mars: "kept attached-cli" });
  const { process } = session;
  if (process === undefined) throw new Error("it has shown itself");
  history.machine.processes.set(process.pid, { ...process, argv: ["codex"] });
  expect(await fates(history)).toMatchObject({ mars: "kept mentioned" });
  history.machine.processes.delete(process.pid);
  expect(await fates(history)).toMatchObject({ mars: "pending holder-gone" });
});

test("what never showed is left to the TTL", async () => {
  const history = new History(1);
  history.machine.end(history.register(agents, "cli", "mars"));
  history.machine.advance(hour);
  expect(await fates(history)).toMatchObject({ mars: "kept within-ttl" });
  history.machine.advance(8 * day);
  expect(await fates(history)).toMatchObject({ mars: "pending ttl-expired" });
  history.machine.advance(5 * minute);
  expect(await fates(history)).toMatchObject({ mars: "reaped ttl-expired" });
});

test("a step of the clock counts although the registry could not be read when it was noticed", async () => {
  const history = new History(1);
  await fates(history);
  history.register(loose, "cli", "mars");
  history.machine.stepClock(400 * day);
  await fates(history, ["file"]);
  expect(await fates(history)).toMatchObject({ mars: "kept clock-stepped" });
});

test("a step of the clock counts against the file's time, too, where an entry has none", async () => {
  const history = new History(1);
  await fates(history);
  history.register(loose, "cli", "mars");
  history.edit(loose, (entries) => Object.assign(entries["mars"] as object, { since: "session 5" }));
  history.machine.stepClock(hour);
  await fates(history, ["file"]);
  expect(await fates(history)).toMatchObject({ mars: "kept clock-stepped" });
});

test("a step of the clock counts although the boot clock could not be read", async () => {
  const history = new History(1);
  await fates(history);
  history.register(loose, "cli", "mars");
  history.machine.stepClock(400 * day);
  expect(await fates(history, ["bootMs"])).toMatchObject({ mars: "kept clock-stepped" });
  expect(await fates(history)).toMatchObject({ mars: "kept clock-stepped" });
});

test("an entry of a boot whose clock was years behind is as old as sweeps have seen it, once the clock is right again", async () => {
  const history = new History(1, { worlds: new Set(["wrong-clocks"]) });
  const { machine } = history;
  const reboot = (ms: number): void => {
    const before = machine.wallMs;
    machine.reboot();
    machine.startServer();
    machine.wrongMs = 0;
    machine.wallMs = before + ms;
  };
  await fates(history);
  reboot(-20 * 365 * day);
  await fates(history);
  machine.end(history.register(agents, "cli", "mars"));
  machine.advance(hour);
  expect(await fates(history)).toMatchObject({ mars: "kept clock-stepped" });
  reboot(20 * 365 * day);
  expect(await fates(history)).toMatchObject({ mars: "kept clock-stepped" });
  machine.advance(2 * hour);
  expect(await fates(history)).toMatchObject({ mars: "kept clock-stepped" });
  machine.advance(8 * day);
  expect(await fates(history)).toMatchObject({ mars: "pending ttl-expired" });
  machine.advance(5 * minute);
  expect(await fates(history)).toMatchObject({ mars: "reaped ttl-expired" });
});

test("a server whose process nobody can name counts as young again when a sweep did not ask it", async () => {
  const history = new History(1);
  const { machine } = history;
  const session = history.register(bridge, "thread", "mars");
  machine.end(session);
  machine.advance(hour);
  expect(await fates(history, ["listener"])).toMatchObject({ mars: "kept app-server-too-young" });
  machine.resume(session);
  machine.advance(hour);
  expect(await fates(history, ["listener"])).toMatchObject({ mars: "kept attached-cli" });
  machine.end(session);
  machine.stopServer();
  machine.startServer();
  expect(await fates(history, ["listener"])).toMatchObject({ mars: "kept app-server-too-young" });
});

test("a session that comes back before its owner is told to release it keeps its entry", async () => {
  const history = new History(1, { targets: releasing });
  const { machine, story } = history;
  const ghost = history.register(agents, "holder", "venus");
  const session = history.register(bridge, "lock", "mars");
  machine.end(session);
  machine.advance(hour);
  startBridge(story);
  expect(await fates(history)).toMatchObject({ venus: "kept pid-alive", mars: "pending thread-not-loaded" });
  machine.advance(5 * minute);
  machine.end(ghost);
  const meanwhile = (): void => machine.resume(session);
  expect(await fates(history, [], { meanwhile })).toMatchObject({ venus: "reaped pid-gone", mars: "skipped thread-not-loaded" });
});

test("a directory that cannot be made durable after its files went is said, and is no fault of the sweep", async () => {
  const history = new History(1);
  history.crash(history.register(markersPath, "marker", ""));
  history.machine.advance(hour);
  const { entries } = await history.sweepOnce(new Set(["sync"]), { ...quiet, now: true });
  expect(entries.find(({ reason }) => reason === "pid-gone")).toMatchObject({
    action: "reaped",
    detail: expect.stringContaining("input/output error") as string,
  });
});

test("a marker that another process of its pid writes anew is young again, although the clock was stepped", async () => {
  const history = new History(1);
  const { machine } = history;
  const path = `${markersPath}/market/beds/1.0/.in_use/150`;
  machine.disk.create(path, "", machine.wallMs);
  const marker = "market/beds/1.0/.in_use/150";
  expect(await fates(history)).toMatchObject({ [marker]: "kept within-grace" });
  machine.advance(12 * minute);
  machine.stepClock(400 * day);
  machine.disk.create(path, "", machine.wallMs);
  expect(await fates(history, [], { now: true })).toMatchObject({ [marker]: "kept clock-stepped" });
  machine.advance(4 * minute);
  expect(await fates(history, [], { now: true })).toMatchObject({ [marker]: "kept clock-stepped" });
});
