import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNames } from "../../../src/systemd/status/unit-environment.ts";
import { newScratch, sessreap } from "../harness.ts";

test.each(["HOME", ...readNames])(
  "a line's end and a colour in %s reach no terminal and no table of cron's, and make no fault",
  async (name) => {
    const scratch = newScratch();
    const env = { SESSREAP_STATE_DIR: "", [name]: `${scratch.dir}/a\n\u001b[31mb 5 * * * * true` };
    for (const words of [["-n"], ["doctor"], ["units", "print", "--cron"], ["config"]]) {
      const { code, stdout, stderr } = await sessreap(scratch, words, { env });
      const said = `${stdout}${stderr}`;
      expect([0, 2]).toContain(code);
      expect(said).not.toContain("a fault in sessreap");
      expect(said).not.toContain("\u001b");
      expect(said.split("\n").filter((line) => line.includes("5 * * * * true") && !line.includes("x1b"))).toEqual([]);
    }
    expect(readdirSync(join(scratch.dir)).filter((entry) => entry.startsWith("a\n"))).toEqual([]);
  },
);
