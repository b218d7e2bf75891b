import { expect, test } from "vitest";
import { seen, type TmuxObservation } from "../../src/core/evidence.ts";
import { defaultPolicy } from "../../src/core/policy.ts";
import { keyedJson } from "../../src/registries/declared/keyed-json.ts";
import { fields } from "../fields.ts";
import { agentsOf, claudesOf, type Stage } from "./contract/stage.ts";
import { simulatedStage } from "./contract/stages.ts";
import { long, row, sweepWith, withGhosts, type HostOverrides } from "./described.ts";

/** A host that notes in which order claims are read (those that are not judged: aside) and the processes are looked at. */
function noted({ host, root }: Stage): { readonly order: readonly string[]; readonly overrides: HostOverrides } {
  const order: string[] = [];
  const noting =
    <Given extends readonly unknown[], Answer>(name: string, act: (...given: Given) => Answer) =>
    (...given: Given): Answer => {
      const [path] = given;
      order.push(typeof path === "string" && !path.startsWith(root) ? "aside" : name);
      return act(...given);
    };
  const overrides = {
    readRegistryFile: noting("read", host.readRegistryFile),
    listDirectory: noting("list", host.listDirectory),
    readEntryFile: noting("read", host.readEntryFile),
    lookAtProcesses: noting("look", host.lookAtProcesses),
    lookAtLocks: noting("locks", host.lookAtLocks),
  };
  return { order, overrides };
}

test("every claim is read before the world is looked at, and one look serves all registries", async () => {
  const { stage, gone } = await withGhosts(["a"]);
  stage.writeOld(
    `${claudesOf(stage).path}/${gone.pid}.json`,
    JSON.stringify({ pid: gone.pid, sessionId: "s", procStart: gone.startTicks }),
  );
  const { order, overrides } = noted(stage);
  const { summary } = await sweepWith(stage, [agentsOf(stage), claudesOf(stage)], overrides, { dryRun: true });
  expect(summary.ghost).toBe(2);
  expect(order.filter((act) => act !== "aside")).toEqual(["read", "list", "read", "look", "locks"]);
  expect(order.lastIndexOf("aside")).toBeLessThan(order.indexOf("look"));
  expect(order).toContain("aside");
});

test("locks on files are looked at once for all ghosts with files of their own, and for nothing else", async () => {
  const { stage, gone } = await withGhosts(["a"]);
  const alive = await stage.alive();
  const write = ({ pid, startTicks }: typeof alive): void =>
    stage.writeOld(`${claudesOf(stage).path}/${pid}.json`, JSON.stringify({ pid, sessionId: `of ${pid}`, procStart: startTicks }));
  write(alive);
  const { order, overrides } = noted(stage);
  const both = [agentsOf(stage), claudesOf(stage)];
  expect((await sweepWith(stage, both, overrides, { dryRun: true })).summary).toMatchObject({ live: 2, ghost: 1 });
  expect(order).not.toContain("locks");
  write(gone);
  expect((await sweepWith(stage, both, overrides, { dryRun: true })).summary).toMatchObject({ live: 2, ghost: 2 });
  expect(order.filter((act) => act === "locks")).toHaveLength(1);
});

test("a ghost whose file is locked between the look and the change stays", async () => {
  const { stage, gone } = await withGhosts([]);
  const path = `${claudesOf(stage).path}/${gone.pid}.json`;
  stage.writeOld(path, JSON.stringify({ pid: gone.pid, sessionId: "s", procStart: gone.startTicks }));
  let looks = 0;
  const lookAtLocks = () => seen(new Map((looks += 1) > 1 ? [[path, seen("an flock that pid 7 took")]] : []));
  const { entries } = await sweepWith(stage, [claudesOf(stage)], { lookAtLocks }, {});
  expect(entries).toMatchObject([{ reason: "pid-gone", action: "skipped" }]);
  expect(looks).toBe(2);
});

test("where every entry is young nothing is looked at", async () => {
  const { stage, path, gone } = await withGhosts([]);
  stage.write(path, JSON.stringify({ agents: { a: row(gone, { since: new Date(stage.now()).toISOString() }) } }));
  const { order, overrides } = noted(stage);
  const { entries } = await sweepWith(stage, [agentsOf(stage)], overrides, { dryRun: true });
  expect(entries).toMatchObject([{ key: "a", reason: "within-grace" }]);
  expect(order).toEqual(["read"]);
});

test("a tmux server is asked once, for entries that would go, and once more before they do", async () => {
  const stage = simulatedStage();
  const alive = await stage.alive();
  const since = new Date(stage.now()).toISOString();
  const named = { id: "id-of-none", tmux: "agents", socket: "/run/t.sock" };
  const agents = {
    one: { ...named, since: long },
    two: { ...named, since: long, tmux: "others" },
    young: { ...named, since, socket: "/run/young.sock" },
    ended: row(await stage.gone(), { ...named, id: "id-of-ended", socket: "/run/ended.sock" }),
    held: row(alive, { ...named, id: "id-of-held", socket: "/run/held.sock" }),
  };
  const path = `${stage.root}/agents.json`;
  stage.writeOld(path, JSON.stringify({ agents }));
  const tmuxFields = { ...fields, tmuxSession: "tmux", tmuxSocket: "socket" };
  const target = { ...agentsOf(stage), format: keyedJson({ entries: "/agents", pattern: "", fields: tmuxFields, about: "session" }) };
  const asked: (string | undefined)[] = [];
  const pane = { session: "others", sessionId: "$1", window: "0", index: "0", pane: "%1", tty: "/dev/pts/3", first: undefined };
  const lookAtTmux = (socket: string | undefined): Promise<TmuxObservation> => {
    asked.push(socket);
    return Promise.resolve({ panes: [pane], complete: seen(true) });
  };
  const { entries } = await sweepWith(stage, [target], { lookAtTmux }, { policy: { ...defaultPolicy, now: true } });
  expect(Object.fromEntries(entries.map(({ key, reason }) => [key, reason]))).toEqual({
    one: "tmux-gone",
    two: "tmux-alive",
    young: "within-grace",
    ended: "pid-gone",
    held: "pid-alive",
  });
  expect(asked).toEqual(["/run/t.sock", "/run/ended.sock", "/run/t.sock", "/run/ended.sock"]);
});
