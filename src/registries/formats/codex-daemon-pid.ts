import { formatDefaults } from "./shared/defaults.ts";
import type { Format } from "../format.ts";
import { claimFromFile } from "./shared/one-file.ts";
import { directoryIn } from "./shared/places.ts";

/**
 * The Codex daemon's pid files: pid, boot id and start ticks together. Older ones hold only a start date in local time
 * (`processStartTime`), which proves nothing (codex 0.169.0 and before).
 */
export const codexDaemonPid: Format = {
  ...formatDefaults,
  name: "codex-daemon-pid",
  title: "Codex daemon",
  summary: "the Codex daemon's app-server-daemon/*.pid",
  wellKnown: (places) => {
    const homes = new Set([directoryIn(places, "CODEX_HOME") ?? `${places.home}/.codex`, ...places.furtherHomes("codex")]);
    return [...homes].map((home) => `${home}/app-server-daemon`);
  },
  about: "process",
  holderNames: ["codex"],
  layout: "files",
  patterns: ["*.pid"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) =>
    claimFromFile(name, content, { pid: "pid", bootId: "/processIdentity/bootId", startTicks: "/processIdentity/startTicks" }),
};
