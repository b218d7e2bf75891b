import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { soughtAmong } from "../../../src/core/agents/mentions/sought.ts";
import { knownPrograms } from "../../../src/core/agents/programs.ts";
import { lookAtProcesses } from "../../../src/host/processes/linux.ts";
import { start } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";

test("a process that starts itself anew again and again is seen in every look", async () => {
  const id = randomUUID();
  const script = join(scratchDirectory(), "again.pl");
  writeFileSync(script, "select undef, undef, undef, 0.001; exec $^X, $0, @ARGV");
  await start("/usr/bin/perl", [script, id]);
  const question = { pids: new Set<number>(), owners: [], sought: soughtAmong([id]), programs: knownPrograms };
  let seen = 0;
  for (let look = 0; look < 60; look += 1) {
    const looked = lookAtProcesses(question);
    if (looked.seen && looked.value.mentions.bySession.get(id)?.length === 1) seen += 1;
  }
  expect(seen).toBe(60);
});
