import { claudeHomes } from "./shared/claude-home.ts";
import { formatDefaults } from "./shared/defaults.ts";
import type { Claim, Format } from "../format.ts";
import { isRecord } from "../fields.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

/** Editors whose Claude extension writes such a lock; their extension host is a node or an electron. */
const editors = [
  "code",
  "code-oss",
  "code-insiders",
  "codium",
  "cursor",
  "windsurf",
  "code-server",
  "openvscode-server",
  "electron",
  "node",
  "java",
  "idea",
  "nvim",
  "vim",
  "emacs",
  "zed",
];

/** An editor in Windows counts its pids there, and its port need not be one of ours: nothing of it can be probed here. */
function abroadInWindows(claim: Claim, content: string | undefined): Claim {
  const body = bodyOf(content);
  return claim.ok && isRecord(body) && body["runningInWindows"] === true
    ? { ...claim, registration: { ...claim.registration, host: "Windows", pid: undefined, endpoint: undefined } }
    : claim;
}

/**
 * Claude's editor locks, `ide/<port>.lock`: the editor's pid, and in the name the port at which it listens. They hold
 * a secret (`authToken`). An alive pid is kept under any name.
 */
export const claudeIde: Format = {
  ...formatDefaults,
  name: "claude-ide",
  title: "Claude Code editor locks",
  summary: "Claude's editor locks, ide/<port>.lock",
  wellKnown: (places) => claudeHomes(places).map((home) => `${home}/ide`),
  about: "process",
  holderNames: editors,
  layout: "files",
  patterns: ["<port>.lock"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => abroadInWindows(claimFromFile(name, content, { pid: "pid" }), content),
};
