import { usual } from "./defaults.ts";
import type { Format } from "../format.ts";
import { isRecord } from "../fields.ts";
import { bodyOf, claimFromFile } from "./one-file.ts";

/**
 * Lock files that name the host of their holder, `{"pid","hostname"}`, and beat by their mtime or by a member (instar
 * at b987725: resume-queue.lock, server-instance.lock). A lock that names another host is never judged by its pid.
 */
export const hostLock: Format = {
  ...usual,
  name: "host-lock",
  summary: "lock files that name their holder's pid and host",
  presence: "process",
  hostLocks: true,
  layout: "files",
  patterns: ["*.lock"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => {
    const claim = claimFromFile(name, content, { pid: "pid", host: "hostname", lastHeartbeatAt: "heartbeat" });
    if (claim.ok && (claim.registration.pid === undefined || claim.registration.host === undefined))
      return { ok: false, problem: 'lacks "pid" or "hostname"; it is no lock of this kind' };
    return claim;
  },
};

/**
 * The lock under another host's name, every other byte as it was; undefined where that cannot be told for certain. Its
 * own program then finds a lock of this host whose pid is dead, and follows its own rules.
 */
export function underName(content: string, host: string): string | undefined {
  const body = bodyOf(content);
  const name = /("hostname"\s*:\s*)"(?:[^"\\]|\\.)*"/g;
  if (!isRecord(body) || content.match(name)?.length !== 1) return undefined;
  const renamed = content.replace(name, (_, member: string) => member + JSON.stringify(host));
  return JSON.stringify(bodyOf(renamed)) === JSON.stringify({ ...body, hostname: host }) ? renamed : undefined;
}
