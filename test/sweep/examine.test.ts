import { expect, test } from "vitest";
import { agentsOf, claudesOf, type Stage } from "./contract/stage.ts";
import { row, sweepWith, withGhosts, type HostOverrides } from "./described.ts";

/** A host that notes in which order claims are read and the processes are looked at. */
function noted({ host }: Stage): { readonly order: readonly string[]; readonly overrides: HostOverrides } {
  const order: string[] = [];
  const noting =
    <Given extends readonly unknown[], Answer>(name: string, act: (...given: Given) => Answer) =>
    (...given: Given): Answer => {
      order.push(name);
      return act(...given);
    };
  const overrides = {
    readRegistryFile: noting("read", host.readRegistryFile),
    listDirectory: noting("list", host.listDirectory),
    readEntryFile: noting("read", host.readEntryFile),
    lookAtProcesses: noting("look", host.lookAtProcesses),
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
  expect(order).toEqual(["read", "list", "read", "look"]);
});

test("where every entry is young nothing is looked at", async () => {
  const { stage, path, gone } = await withGhosts([]);
  stage.write(path, JSON.stringify({ agents: { a: row(gone, { since: new Date(stage.now()).toISOString() }) } }));
  const { order, overrides } = noted(stage);
  const { entries } = await sweepWith(stage, [agentsOf(stage)], overrides, { dryRun: true });
  expect(entries).toMatchObject([{ key: "a", reason: "within-grace" }]);
  expect(order).toEqual(["read"]);
});
