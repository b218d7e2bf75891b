import { claudeHomes, claudeNames } from "./shared/claude-home.ts";
import { formatDefaults } from "./shared/defaults.ts";
import type { Format } from "../format.ts";
import { withPidDomain } from "./shared/claude-pid-domain.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

/**
 * Claude's plugin markers, `plugins/cache/<market>/<plugin>/<version>/.in_use/<pid>`: a process says that it uses a
 * plugin. They hold `{pid, procStart}`, in older releases nothing. There can be hundreds of thousands of dead ones, so
 * a dead pid's file is opened only where it is large enough to say more.
 */
export const claudePluginInUse: Format = {
  ...formatDefaults,
  name: "claude-plugin-in-use",
  title: "Claude Code plugin markers",
  summary: "Claude's plugin markers, .in_use/<pid>",
  wellKnown: (places) => claudeHomes(places).map((home) => `${home}/plugins/cache`),
  about: "process",
  holderNames: claudeNames,
  layout: "files",
  patterns: ["**/.in_use/<pid>"],
  nameIsEnough: true,
  ownDirectory: false,
  claim: (name, content) => withPidDomain(claimFromFile(name, content, { pid: "pid", startTicks: "procStart" }), bodyOf(content)),
};
