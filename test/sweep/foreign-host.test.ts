import { hostname } from "node:os";
import { expect, test } from "vitest";
import { keyedJson } from "../../src/registries/declared/keyed-json.ts";
import { fields } from "../fields.ts";
import { newScene, sweepOnce, writeOld } from "./scene.ts";

test("a pid of another host is never probed, whatever runs under it here", async () => {
  const { path, target, host } = await newScene();
  const format = keyedJson({ entries: "", pattern: "", fields, about: "session" });
  writeOld(
    path,
    JSON.stringify({
      there: { id: "a", pid: process.pid, host: "some-other-host" },
      here: { id: "b", pid: 4_194_303, host: hostname() },
      anywhere: { id: "c", pid: 4_194_304 },
    }),
  );
  const asked: number[] = [];
  const observedHost = {
    ...host,
    lookAtProcesses: (question: Parameters<typeof host.lookAtProcesses>[0]) => {
      asked.push(...question.pids);
      return host.lookAtProcesses(question);
    },
  };
  const { entries } = await sweepOnce(observedHost, { ...target, format });
  expect(asked).not.toContain(process.pid);
  expect(asked).toEqual(expect.arrayContaining([4_194_303, 4_194_304]));
  expect(entries.map(({ key, reason }) => `${key} ${reason}`)).toEqual(["there foreign-host", "here pid-gone", "anywhere pid-gone"]);
});
