import type { Endpoint } from "../core/registration.ts";
import { usual } from "./defaults.ts";
import type { Claim, Format } from "./format.ts";
import { isRecord } from "./fields.ts";
import { claimFromFile } from "./one-file.ts";

/** The broker writes `unix:/path`. */
function endpointFrom(content: string | undefined): Endpoint | undefined {
  const body: unknown = content === undefined ? undefined : JSON.parse(content.replace(/^\uFEFF/, ""));
  const said = isRecord(body) ? body["endpoint"] : undefined;
  return typeof said === "string" && said.startsWith("unix:/") ? { kind: "unix", path: said.slice("unix:".length) } : undefined;
}

function withEndpoint(claim: Claim, content: string | undefined): Claim {
  return claim.ok ? { ...claim, registration: { ...claim.registration, endpoint: endpointFrom(content) } } : claim;
}

/**
 * codex-plugin-cc's `broker.json`: the file outlives its broker, a wedged broker still accepts connections, and the
 * pid comes without start ticks. A directory a workspace, below `$CLAUDE_PLUGIN_DATA/state` or the fallback in /tmp.
 */
export const codexBroker: Format = {
  ...usual,
  name: "codex-broker",
  summary: "the Codex plugin's broker.json, one per workspace",
  wellKnown: ({ env }) => {
    const data = env["CLAUDE_PLUGIN_DATA"];
    return [...(data?.startsWith("/") === true ? [`${data}/state`] : []), "/tmp/codex-companion"];
  },
  presence: "either",
  holderNames: ["node", "bun", "app-server-broker", "broker"],
  layout: "files",
  patterns: ["*/broker.json"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => withEndpoint(claimFromFile(name, content, { pid: "pid" }), content),
};
