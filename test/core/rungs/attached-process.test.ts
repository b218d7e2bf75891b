import { expect, test } from "vitest";
import { seen, type EndpointObservation } from "../../../src/core/evidence.ts";
import { attachedProcess } from "../../../src/core/rungs/attached-process.ts";
import { blind, gone, refused, sceneOf, there, type Described } from "../scene.ts";

const pid = 4242;
const endpoint = { kind: "tcp", port: 8788 } as const;
const at = (observation: EndpointObservation): Pick<Described, "endpoints"> => ({ endpoints: { "127.0.0.1:8788": observation } });
const [accepted, refuses] = [at({ kind: "accepted" }), at(refused)];
/** The pid is there, under a name that the format does not know. */
const strange = { claim: { pid, endpoint }, pids: { [pid]: there("700", ["quill"]) }, registry: { holderNames: ["code"] } } as const;
const nobody = { sessionId: undefined, identity: undefined } as const;

const file = (locks: Described["locks"]): Described => ({
  claim: { pid },
  pids: { [pid]: gone },
  registry: { oneFile: true, directory: "/locks" },
  ...(locks !== undefined && { locks }),
});
const held = new Map([["/locks/mars", seen("an flock that pid 7 took")]]);

const rows: readonly (readonly [string, Described, string])[] = [
  ["a stranger has its pid, and its endpoint accepts", { ...strange, ...accepted }, "unknown pid-unproven"],
  ["a stranger has its pid, and its endpoint refuses", { ...strange, ...refuses }, "unknown pid-unproven"],
  ["a stranger has its pid, and nobody asked its endpoint", strange, "unknown pid-unproven"],
  ["its holder is gone, and its endpoint accepts", { claim: { pid, endpoint }, pids: { [pid]: gone }, ...accepted }, "dead pid-gone"],
  ["its holder is gone, and its endpoint refuses", { claim: { pid, endpoint }, pids: { [pid]: gone }, ...refuses }, "dead pid-gone"],
  [
    "its holder could not be looked at, and its endpoint refuses",
    { claim: { pid, endpoint }, pids: { [pid]: blind }, ...refuses },
    "unknown pid-unseen",
  ],
  ["it names no pid, and its endpoint accepts", { claim: { endpoint }, ...accepted }, "unknown endpoint-open"],
  ["it names no pid, and its endpoint refuses", { claim: { endpoint }, ...refuses }, "dead endpoint-closed"],
  [
    "it names a pid only, in a table that was not all seen",
    { claim: { ...nobody, pid }, table: { complete: blind, innerPids: blind }, pids: { [pid]: gone } },
    "unknown pid-unseen",
  ],
  [
    "it names an agent only, and the table was not all seen",
    { claim: { sessionId: undefined, identity: "mars" }, table: { complete: blind } },
    "unknown process-table-blind",
  ],
  ["it names nobody, in a table that was not all seen", { claim: nobody, table: { complete: blind } }, "not-applicable"],
  [
    "its holder lives, and nothing else could be seen",
    { claim: { pid, startTicks: "700" }, pids: { [pid]: there() }, table: { complete: blind, innerPids: blind } },
    "live pid-alive",
  ],
  ["its holder is gone, and its own file is locked", file(seen(held)), "live lock-held"],
  ["its holder is gone, and another file is locked", file(seen(new Map([["/locks/venus", seen("an flock")]]))), "dead pid-gone"],
  [
    "its holder is gone, and whether its file is locked is not known",
    file(seen(new Map([["/locks/mars", blind]]))),
    "unknown process-table-blind",
  ],
  ["its holder is gone, and locks could not be looked at", file(blind), "unknown process-table-blind"],
  [
    "its holder is gone, it has no file of its own, and locks could not be looked at",
    { ...file(blind), registry: { oneFile: false } },
    "dead pid-gone",
  ],
  [
    "its pid is an ancestor of ours, and a container's",
    { claim: { pid: 900 }, table: { innerPids: seen(new Map([[900, [{ pid: 7, startTicks: "1", ownTime: true, agent: true }]]])) } },
    "live own-ancestor",
  ],
];

test.each(rows)("%s", (_, described, expected) => {
  const answer = attachedProcess.ask(sceneOf(described));
  expect(answer.kind === "not-applicable" ? answer.kind : `${answer.kind} ${answer.reason}`).toBe(expected);
});
