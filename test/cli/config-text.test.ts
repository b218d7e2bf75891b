import widthOf from "fast-string-width";
import { expect, test } from "vitest";
import { configText, type ShownConfig } from "../../src/cli/person/config-text.ts";
import type { Screen } from "../../src/report/screen/screen.ts";
import { plain } from "../../src/report/visible.ts";

const home = "/home/dev";

const shown: ShownConfig = {
  files: [`${home}/.config/sessreap/config.json`, "/etc/sessreap/config.json"],
  settings: [
    { name: "grace", value: "10m", from: "default" },
    { name: "ttl", value: "3d", from: "SESSREAP_TTL" },
    { name: "state", value: `${home}/.local/state/sessreap`, from: "default" },
    { name: "agents", value: "crewd, 日本語-agent, and those known by name", from: `${home}/.config/sessreap/config.json` },
    { name: "hostsGone", value: "none", from: "default" },
    { name: "metricsFile", value: "none", from: "default" },
  ],
  registries: [
    {
      path: `${home}/.crew/${"日本語".repeat(8)}/roster.json`,
      about: "(json-array); 3 remembered",
      isAbsent: false,
      checks: [
        'sessionId "id" in 3 of 3',
        'pid "process_id" in 0 of 3: they have "id", "agent", "pid"; did you mean "pid"?',
        "a\u001b[2Jb",
      ],
    },
    { path: `${home}/.claude/sessions`, about: "(claude-sessions, well-known place)", isAbsent: false, checks: [] },
    { path: `${home}/.claude/ide`, about: "(claude-ide, well-known place)", isAbsent: true, checks: [] },
  ],
  remarks: [`not swept at their well-known places ("wellKnown" in /etc/sessreap/config.json): omx-session, pid-files`],
  clock: "not relied on yet: sweeps have seen 5m of 1h awake; 0s of sleep remembered",
};

const screenOf = (columns: number | undefined): Screen => ({
  columns,
  isTerminal: columns !== undefined,
  widthOf,
  signs: { ellipsis: "…", dot: "·", times: "×" },
});

const textAt = (columns: number | undefined, verbose = false): readonly string[] =>
  configText(shown, { screen: screenOf(columns), palette: plain, home, verbose });

test.each([100, 60, 30])("the configuration at %i columns", async (columns) => {
  const lines = textAt(columns);
  for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`golden/config-${columns}.txt`);
});

test("without a terminal nothing is broken, and -v shows defaults and the places at which nothing is", () => {
  const [few, all] = [textAt(undefined).join("\n"), textAt(undefined, true).join("\n")];
  expect(few).toContain("ttl         3d                        SESSREAP_TTL\n");
  expect(few).toContain("2 more at their defaults: sessreap config -v");
  expect(few).toContain("nothing is at 1 well-known place: sessreap config -v");
  for (const absent of ["hostsGone", ".claude/ide"]) expect(few).not.toContain(absent);
  for (const there of ["hostsGone", "~/.claude/ide (claude-ide, well-known place)"]) expect(all).toContain(there);
  expect(all).not.toContain("sessreap config -v");
  expect(few).not.toContain("\u001b");
});
