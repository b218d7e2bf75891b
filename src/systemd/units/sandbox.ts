import type { Line } from "./unit-text.ts";

export const resources: readonly Line[] = [
  ["Nice", "10"],
  ["CPUSchedulingPolicy", "batch"],
  ["IOSchedulingClass", "idle"],
  ["MemoryMax", "512M"],
  ["TasksMax", "64"],
];

/** Node 20 calls pkey_alloc when it starts, which @system-service lacks; a refused call is an error, not a SIGSYS. */
const systemCalls: readonly Line[] = [
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service @pkey"],
  ["SystemCallFilter", "~@privileged @resources"],
  ["SystemCallErrorNumber", "EPERM"],
];

/** For the manager of a user. */
export const userSandbox: readonly Line[] = [
  "Only what the user manager can do without a namespace. Whatever needs one (Private*, Protect*, *Paths=) is",
  "ignored by some releases, and by others hides the processes that this service has to see.",
  ["UMask", "0077"],
  ["NoNewPrivileges", "yes"],
  ["LockPersonality", "yes"],
  ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
  ["RestrictNamespaces", "yes"],
  ["RestrictRealtime", "yes"],
  ["RestrictSUIDSGID", "yes"],
  ...systemCalls,
];

/** For the manager of the system. */
export const systemSandbox: readonly Line[] = [
  "Nothing can be written but the directories of registries and our own state. Directories, not files: a rename",
  "onto a file that is a mount point fails (EBUSY). Other places belong into a drop-in, which",
  "`sessreap units install --system USER` writes.",
  ["ProtectSystem", "strict"],
  ["ProtectHome", "read-only"],
  ["ReadWritePaths", "-/home/%i/.local/state -/home/%i/.claude -/opt/llmmsg-srv/bridge -/opt/llmmsg/codex-llmmsg-app"],
  ["InaccessiblePaths", "-/home/%i/.ssh -/home/%i/.gnupg"],
  "",
  "Left out on purpose: ProtectProc=, ProcSubset=, PrivateUsers= and PrivatePIDs= hide processes, and a process",
  "that cannot be seen looks like a ghost's. PrivateTmp= hides sockets. MemoryDenyWriteExecute= stops V8.",
  ["UMask", "0077"],
  ["NoNewPrivileges", "yes"],
  ["CapabilityBoundingSet", ""],
  ["AmbientCapabilities", ""],
  ["PrivateDevices", "yes"],
  ["PrivateIPC", "yes"],
  ["ProtectClock", "yes"],
  ["ProtectControlGroups", "yes"],
  ["ProtectHostname", "yes"],
  ["ProtectKernelLogs", "yes"],
  ["ProtectKernelModules", "yes"],
  ["ProtectKernelTunables", "yes"],
  ["DevicePolicy", "closed"],
  ["LockPersonality", "yes"],
  ["RestrictNamespaces", "yes"],
  ["RestrictRealtime", "yes"],
  ["RestrictSUIDSGID", "yes"],
  ...systemCalls,
  "",
  "App servers of this machine only. Other packets are dropped, so a connection elsewhere times out.",
  ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
  ["IPAddressDeny", "any"],
  ["IPAddressAllow", "localhost"],
];
