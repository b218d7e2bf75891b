import { formatDefaults } from "./shared/defaults.ts";
import type { Format } from "../format.ts";
import { claimFromFile } from "./shared/one-file.ts";

/**
 * Lock files that name the host of their holder, `{"pid","hostname"}`, and beat by their mtime or by a member (instar
 * at b987725: resume-queue.lock, server-instance.lock). A lock that names another host is never judged by its pid.
 */
export const hostLock: Format = {
  ...formatDefaults,
  name: "host-lock",
  title: "host locks",
  summary: "lock files that name their holder's pid and host",
  about: "process",
  hostLocks: true,
  layout: "files",
  patterns: ["*.lock"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => {
    const claim = claimFromFile(name, content, { pid: "pid", host: "hostname", lastHeartbeatAt: "heartbeat" }, true);
    if (claim.ok && (claim.registration.pid === undefined || claim.registration.host === undefined))
      return { ok: false, problem: 'lacks "pid" or "hostname"; it is no lock of this kind' };
    return claim;
  },
};
