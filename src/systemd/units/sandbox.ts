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
  "A registry of one of the user's other groups keeps that group: an owner may give a file to any of them.",
  ["SystemCallFilter", "@chown"],
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

/**
 * Makes the state directory of the user, as the user and outside the sandbox, in which the home is read-only. systemd reads
 * `$$` as one `$`, and gives no more than the environment files and the name of the instance. `PATH` is the manager's.
 */
const makeState = [
  'home="$(getent passwd "$1" | cut -d: -f6)"',
  'dir="${SESSREAP_STATE_DIR:-${XDG_STATE_HOME:-$home/.local/state}/sessreap}"',
  'exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups --inh-caps=-all --no-new-privs mkdir -p -m 700 -- "$dir"',
].join("; ");

/** What the service of the system does before each run. */
export const systemPreparation: readonly Line[] = [
  "On a fresh home the state directory is not there yet, and the sandbox only lets through what is.",
  ["ExecStartPre", `-+/bin/sh -c '${makeState.replaceAll("$", () => "$$")}' sh %i`],
];

/** Where the built-in formats keep their registries, in a usual home; a test holds it to them. */
const belowHome = [
  ".local/state",
  ".claude",
  ".codex/app-server-daemon",
  ".omx/state",
  ".qwen/sessions",
  ".qwen/projects",
  ".copilot/session-state",
  ".cache/copilot/pkg",
  ".cline/data/locks/hub",
];
const usualPlaces = [
  ...belowHome.map((place) => `/home/%i/${place}`),
  "/opt/llmmsg-srv/bridge",
  "/opt/llmmsg/codex-llmmsg-app",
  "/tmp/codex-companion",
];

/** For the manager of the system. */
export const systemSandbox: readonly Line[] = [
  "Nothing can be written but the directories of registries and our own state. Directories, not files: a rename",
  "onto a file that is a mount point fails (EBUSY). Other places belong into a drop-in, which",
  "`sessreap units install --system USER` writes.",
  ["ProtectSystem", "strict"],
  ["ProtectHome", "read-only"],
  ...usualPlaces.map((place) => ["ReadWritePaths", `-${place}`] as const),
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
