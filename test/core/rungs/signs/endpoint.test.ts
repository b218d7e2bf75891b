import { expect, test } from "vitest";
import { endpoint } from "../../../../src/core/rungs/signs/endpoint.ts";
import { blind, gone, refused, sceneOf, there, type Described } from "../../scene.ts";

const [pid, at] = [4242, "127.0.0.1:7000"];
const held = { pid, startTicks: "700", endpoint: { kind: "tcp", port: 7000 } } as const;
const [accepts, refuses] = [{ [at]: { kind: "accepted" } }, { [at]: refused }] as const;

test.each<[string, Described, string]>([
  ["where no address is recorded", { claim: { pid } }, "not-applicable"],
  ["of a holder that is alive, whatever its address does", { claim: held, pids: { [pid]: there() }, endpoints: accepts }, "not-applicable"],
  ["of a holder that is alive, where its address refuses", { claim: held, pids: { [pid]: there() }, endpoints: refuses }, "not-applicable"],
  ["of a holder that is proven gone", { claim: held, pids: { [pid]: gone }, endpoints: accepts }, "not-applicable"],
  [
    "of a holder that could not be looked at, where its address refuses",
    { claim: held, pids: { [pid]: blind }, endpoints: refuses },
    "not-applicable",
  ],
  [
    "of a holder that could not be looked at, where its address accepts",
    { claim: held, pids: { [pid]: blind }, endpoints: accepts },
    "unknown endpoint-open",
  ],
  [
    "of a holder that no pid tells, where its address refuses",
    { claim: { ...held, pid: undefined }, endpoints: refuses },
    "dead endpoint-closed",
  ],
])("an address says nothing but of a holder that may be there: %s", (_, described, expected) => {
  const answer = endpoint.ask(sceneOf(described));
  expect(answer.kind === "not-applicable" ? answer.kind : `${answer.kind} ${answer.reason}`).toBe(expected);
});
