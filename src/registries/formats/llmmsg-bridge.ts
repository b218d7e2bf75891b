import { formatDefaults } from "./shared/defaults.ts";
import { claimFrom } from "../fields.ts";
import type { Format } from "../format.ts";

const fields = { sessionId: "threadId", registeredAt: "registeredAt", lastActivityAt: "lastActivityAt", cwd: "cwd" } as const;

/**
 * The llmmsg bridge's `registrations.json`: one object keyed by agent name, two-space indent, ISO-8601 times, no pid.
 * The bridge writes in place and without a lock, and so do its one-shot commands (read in the bridge's source, llmmsg
 * at 5e84611).
 */
export const llmmsgBridge: Format = {
  ...formatDefaults,
  name: "llmmsg-bridge",
  title: "llmmsg bridge",
  summary: "the llmmsg bridge's registrations.json, keyed by agent name",
  wellKnown: () => ["/opt/llmmsg/codex-llmmsg-app/registrations.json", "/opt/llmmsg-srv/bridge/registrations.json"],
  about: "session",
  codexThreads: true,
  triedServers: ({ env }) => [env["CODEX_APP_SERVER_URL"] ?? "ws://127.0.0.1:8788", "unix://"],
  // The bridge starts its agents with a prompt that says so.
  statedBehind: "Your agent name is ",
  owner: () => ({ argv: ["bridge.mjs", "watch"] }),
  layout: "members",
  container: "object",
  recordsPids: false,
  entries: "",
  claim: (key, value) => {
    const claim = claimFrom(key, value, fields, key);
    return claim.ok && claim.registration.sessionId === undefined ? { ok: false, problem: 'has no "threadId"' } : claim;
  },
};
