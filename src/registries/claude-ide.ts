import { claudeHome } from "./claude-home.ts";
import { usual } from "./defaults.ts";
import type { Claim, Format } from "./format.ts";
import { isRecord } from "./fields.ts";
import { claimFromFile } from "./one-file.ts";

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

/** Under Windows the pid is one of Windows' own, which means nothing here. */
function withoutWindowsPid(claim: Claim, content: string | undefined): Claim {
  if (!claim.ok || content === undefined) return claim;
  const body: unknown = JSON.parse(content.replace(/^\uFEFF/, ""));
  return isRecord(body) && body["runningInWindows"] === true
    ? { ...claim, registration: { ...claim.registration, pid: undefined } }
    : claim;
}

/**
 * Claude's editor locks, `ide/<port>.lock`: the editor's pid, and in the name the port at which it listens. They hold
 * a secret (`authToken`). An alive pid without start ticks that is no editor condemns only together with a closed port.
 */
export const claudeIde: Format = {
  ...usual,
  name: "claude-ide",
  summary: "Claude's editor locks, ide/<port>.lock",
  wellKnown: (places) => [`${claudeHome(places)}/ide`],
  presence: "either",
  holderNames: editors,
  layout: "files",
  patterns: ["<port>.lock"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => withoutWindowsPid(claimFromFile(name, content, { pid: "pid" }), content),
};
