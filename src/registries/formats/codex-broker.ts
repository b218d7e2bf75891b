import type { Endpoint } from "../../core/registration.ts";
import { claudeHomes } from "./shared/claude-home.ts";
import { formatDefaults } from "./shared/defaults.ts";
import type { Claim, Format, Places } from "../format.ts";
import { isRecord } from "../fields.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

/** The broker writes `unix:/path`. */
function endpointFrom(content: string | undefined): Endpoint | undefined {
  const body = bodyOf(content);
  const said = isRecord(body) ? body["endpoint"] : undefined;
  return typeof said === "string" && said.startsWith("unix:/") ? { kind: "unix", path: said.slice("unix:".length) } : undefined;
}

function withEndpoint(claim: Claim, content: string | undefined): Claim {
  return claim.ok ? { ...claim, registration: { ...claim.registration, endpoint: endpointFrom(content) } } : claim;
}

/** Claude hands each plugin a directory below `plugins/data`; only inside Claude does a variable name it. */
function stateRoots(places: Places): readonly string[] {
  const [data, temporary] = [places.env["CLAUDE_PLUGIN_DATA"], places.env["TMPDIR"]];
  const fallback = temporary?.startsWith("/") === true ? temporary.replace(/\/+$/, "") : "/tmp";
  return [
    ...claudeHomes(places).map((home) => `${home}/plugins/data`),
    ...(data?.startsWith("/") === true ? [data.replace(/\/+$/, "")] : []),
    `${fallback}/codex-companion`,
  ];
}

/**
 * codex-plugin-cc's `broker.json`, a directory a workspace: the file outlives its broker, a wedged broker still accepts
 * connections, and the pid comes without start ticks. The broker is a node that runs `app-server-broker.mjs`; any other
 * node that has its pid may be one under another name, and is a doubt.
 */
export const codexBroker: Format = {
  ...formatDefaults,
  name: "codex-broker",
  title: "Codex plugin brokers",
  summary: "the Codex plugin's broker.json, one per workspace",
  wellKnown: stateRoots,
  about: "process",
  holderNames: ["app-server-broker", "broker"],
  layout: "files",
  patterns: ["*/broker.json", "state/*/broker.json", "*/state/*/broker.json"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => withEndpoint(claimFromFile(name, content, { pid: "pid" }, endpointFrom(content) !== undefined), content),
};
