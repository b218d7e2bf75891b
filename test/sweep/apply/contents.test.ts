import { expect, test } from "vitest";
import type { Reason } from "../../../src/core/reasons.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { rewritingFor } from "../../../src/sweep/apply/contents.ts";
import { loadRegistry } from "../../../src/sweep/load/load.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { startPass } from "../../../src/sweep/pass.ts";
import { noCallers } from "../../../src/sweep/observe/daemon.ts";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { fields } from "../../fields.ts";
import { agentsOf } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";

async function rewriting(change: "reap" | "stamp" | "mark", named: object) {
  const stage = simulatedStage();
  const format = keyedJson({ entries: "/agents", pattern: "", fields: { ...fields, ...named }, about: "session" });
  const target: Target = { ...agentsOf(stage), format };
  stage.writeOld(target.path, JSON.stringify({ agents: {} }));
  const pass = startPass(stage.host, {
    targets: [target],
    witnesses: [],
    policy: defaultPolicy,
    stop: { signal: undefined },
    callers: noCallers,
  });
  const loaded = await loadRegistry(stage.host, target);
  if (loaded.state !== "read") throw new Error("it was to be read");
  const made = rewritingFor(change, pass, loaded);
  const contentOf = (text: string, reason: Reason): unknown => {
    const bytes = made?.contentOf(Buffer.from(text), reason);
    return bytes === undefined ? undefined : JSON.parse(bytes.toString("utf8"));
  };
  return { made, contentOf, at: pass.startedAt };
}

const releases = { releasedAt: "gone", releaseReason: "why" };

test("a ghost that is marked says when and why, its reason in snake case as a whole", async () => {
  const { contentOf, at } = await rewriting("mark", releases);
  expect(contentOf('{"id":"a"}', "pid-gone")).toEqual({ id: "a", gone: at, why: "pid_gone" });
  expect(contentOf('{"id":"a"}', "thread-not-loaded")).toEqual({ id: "a", gone: at, why: "thread_not_loaded" });
});

test("a superseded row says so, whatever its own reason", async () => {
  const { contentOf, at } = await rewriting("stamp", releases);
  expect(contentOf('{"id":"a"}', "pid-gone")).toEqual({ id: "a", gone: at, why: "superseded_by_new_start" });
});

test("where the registry does not say how it writes a release, none is written, and what is reaped is not rewritten", async () => {
  const { contentOf } = await rewriting("mark", {});
  expect(contentOf('{"id":"a"}', "pid-gone")).toBeUndefined();
  expect((await rewriting("reap", releases)).made).toBeUndefined();
});
