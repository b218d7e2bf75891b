/**
 * What public projects write down of what runs, in the shape that their source or documentation shows, each beside the
 * declaration that a user would write for it. Values are made up.
 */

import { hostname } from "node:os";
import { alone, many, type Holder, type PublicRegistry } from "./registry.ts";

const day = 86_400_000;
const beforeMs = Date.now() - 2 * day;
const before = new Date(beforeMs).toISOString();
const beforeSeconds = beforeMs / 1000;
const hex = (id: string): string => id.replaceAll("-", "").repeat(2);

/** A file of plain text. */
const plain = (
  project: string,
  seen: string,
  file: string,
  content: (holder: Holder) => string,
  text: readonly string[],
): PublicRegistry => ({
  ...alone(project, seen, file, content, {}),
  declare: (dir) => ({ format: "text-file", path: `${dir}/${file}`, text, about: "process" }),
});

export const publicRegistries: readonly PublicRegistry[] = [
  {
    project: "bgproc",
    seen: "ascorbic/bgproc src/registry.ts",
    alone: false,
    files: (holders) => ({
      "registry.json": Object.fromEntries(
        holders.map(({ pid }, index) => [
          `server${index}`,
          { pid, command: ["npm", "run", "dev"], cwd: "/srv/app", startedAt: before, timeout: 60, killAt: "2126-01-01T00:00:00.000Z" },
        ]),
      ),
    }),
    look: "registry.json",
    declare: (dir) => ({
      format: "keyed-json",
      path: `${dir}/registry.json`,
      fields: { pid: "pid", registeredAt: "startedAt", cwd: "cwd" },
      about: "process",
    }),
  },
  {
    project: "minikube tunnel",
    seen: "kubernetes/minikube pkg/minikube/tunnel/registry.go",
    alone: false,
    files: (holders) => ({
      "tunnels.json": holders.map(({ pid }) => ({
        Route: { Gateway: "192.168.99.101", DestCIDR: { IP: "10.96.0.0", Mask: "//AAAA==" } },
        MachineName: "minikube",
        Pid: pid,
      })),
    }),
    look: "tunnels.json",
    declare: (dir) => ({ format: "json-array", path: `${dir}/tunnels.json`, fields: { pid: "Pid" }, about: "process" }),
  },
  {
    project: "agent-team-mail",
    seen: "randlee/agent-team-mail crates/atm-daemon/src/daemon/session_registry.rs",
    alone: false,
    files: (holders) => ({
      "session-registry.json": {
        version: 1,
        sessions: Object.fromEntries(
          holders.map(({ pid, id }, index) => [
            `atm-dev/agent-${index}`,
            {
              team: "atm-dev",
              agent_name: `agent-${index}`,
              session_id: id,
              process_id: pid,
              state: "Active",
              updated_at: before,
              last_seen_at: before,
              last_alive_at: before,
              runtime: "claude",
            },
          ]),
        ),
      },
    }),
    look: "session-registry.json",
    declare: (dir) => ({
      format: "keyed-json",
      path: `${dir}/session-registry.json`,
      entries: "/sessions",
      fields: {
        sessionId: "session_id",
        identity: "agent_name",
        pid: "process_id",
        lastActivityAt: "updated_at",
        lastHeartbeatAt: "last_alive_at",
      },
      about: "session",
      keepWhen: { state: ["Dead"] },
    }),
  },
  {
    project: "happy (sessions)",
    seen: "seen of happy 1.2.5: sessions.json",
    alone: false,
    files: (holders) => ({
      "sessions.json": {
        sessions: Object.fromEntries(
          holders.map(({ pid, id }) => [id, { metadata: { hostPid: pid, path: "/srv/app" }, savedAt: beforeMs, lastAliveAt: beforeMs }]),
        ),
      },
    }),
    look: "sessions.json",
    declare: (dir) => ({
      format: "keyed-json",
      path: `${dir}/sessions.json`,
      entries: "/sessions",
      fields: { sessionId: "<key>", pid: "/metadata/hostPid", registeredAt: "savedAt", lastHeartbeatAt: "lastAliveAt" },
      about: "process",
    }),
  },
  many(
    "runc",
    "opencontainers/runc libcontainer/container.go",
    ({ id }) => `${hex(id)}/state.json`,
    ({ pid, startTicks, id }) => ({
      id: hex(id),
      init_process_pid: pid,
      init_process_start: Number(startTicks),
      created: before,
      config: { no_pivot_root: false, rootfs: "/var/lib/docker/overlay2/x/merged" },
    }),
    {
      format: "json-file",
      pattern: "*/state.json",
      fields: { pid: "init_process_pid", startTicks: "init_process_start", registeredAt: "created" },
      about: "process",
    },
  ),
  many(
    "crun",
    "containers/crun src/libcrun/status.c",
    ({ id }) => `${hex(id)}/status`,
    ({ pid, startTicks }) => ({
      pid,
      "process-start-time": Number(startTicks),
      "cgroup-path": "/machine.slice/x",
      scope: "x.scope",
      rootfs: "/srv/rootfs",
      "systemd-cgroup": true,
      bundle: "/srv/bundle",
      created: before,
      detached: true,
      external_descriptors: "[]",
    }),
    {
      format: "json-file",
      pattern: "*/status",
      fields: { pid: "pid", startTicks: "process-start-time", registeredAt: "created" },
      about: "process",
    },
  ),
  many(
    "TensorBoard",
    "tensorflow/tensorboard tensorboard/manager.py",
    ({ pid }) => `pid-${pid}.info`,
    ({ pid }) => ({
      cache_key: "eyJhcmd1bWVudHMiOltdfQ==",
      db: "",
      logdir: "/srv/logs",
      path_prefix: "",
      pid,
      port: 6006,
      start_time: Math.floor(beforeSeconds),
      version: "2.20.0",
    }),
    { format: "json-file", pattern: "pid-<pid>.info", fields: { pid: "pid", registeredAt: "start_time" }, about: "process" },
  ),
  many(
    "Jupyter Server",
    "jupyter-server/jupyter_server jupyter_server/serverapp.py",
    ({ pid }) => `jpserver-${pid}.json`,
    ({ pid }) => ({
      base_url: "/",
      hostname: "localhost",
      password: false,
      pid,
      port: 8888,
      root_dir: "/srv/notebooks",
      secure: false,
      sock: "",
      token: "0000",
      url: "http://localhost:8888/",
      version: "2.16.0",
    }),
    { format: "json-file", pattern: "jpserver-<pid>.json", fields: { pid: "pid", cwd: "root_dir" }, about: "process" },
  ),
  many(
    "flatpak",
    "flatpak/flatpak common/flatpak-instance.c, containers/bubblewrap --info-fd",
    ({ pid }) => `${pid * 7}/bwrapinfo.json`,
    ({ pid }) => ({ "child-pid": pid, "mnt-namespace": 4_026_533_001, "pid-namespace": 4_026_533_002 }),
    { format: "json-file", pattern: "*/bwrapinfo.json", fields: { pid: "child-pid" }, about: "process" },
  ),
  many(
    "Gemini CLI companion",
    "google-gemini/gemini-cli docs/ide-integration/ide-companion-spec.md",
    ({ pid }) => `gemini-ide-server-${pid}-40123.json`,
    () => ({ port: 40_123, workspacePath: "/srv/app", authToken: "0000", ideInfo: { name: "vscode", displayName: "VS Code" } }),
    { format: "pid-files", pattern: "gemini-ide-server-<pid>-*.json" },
  ),
  many(
    "Daycare",
    "ex3ndr/claybot docs/durable-process-manager.md",
    ({ id }) => `${id}/record.json`,
    ({ pid, id }) => ({
      id,
      pid,
      bootTimeMs: beforeMs,
      desiredState: "running",
      status: "running",
      keepAlive: true,
      restartCount: 0,
      restartFailureCount: 0,
      nextRestartAt: null,
      createdAt: beforeMs,
      updatedAt: beforeMs,
    }),
    {
      format: "json-file",
      pattern: "*/record.json",
      fields: { pid: "pid", registeredAt: "createdAt", lastActivityAt: "updatedAt" },
      about: "process",
      keepWhen: { status: ["stopped", "exited"] },
    },
  ),
  many(
    "Qwen Code (chats)",
    "seen of Qwen Code 0.24.4: chats/<sid>.runtime.json",
    ({ id }) => `${id}.runtime.json`,
    ({ pid, id }) => ({ schema_version: 1, pid, session_id: id, work_dir: "/srv/app", started_at: beforeSeconds, qwen_version: "0.24.4" }),
    {
      format: "json-file",
      pattern: "<sessionId>.runtime.json",
      fields: { sessionId: "session_id", pid: "pid", registeredAt: "started_at", cwd: "work_dir" },
      about: "process",
    },
  ),
  many(
    "GitHub Copilot CLI",
    "seen of Copilot CLI 1.0.102: session-state/<sid>/inuse.<pid>.lock",
    ({ pid, id }) => `${id}/inuse.${pid}.lock`,
    ({ pid }) => String(pid),
    { format: "pid-files", pattern: "<sessionId>/inuse.<pid>.lock" },
  ),
  many(
    "Every Code (sessions)",
    "just-every/code: working/_session/pid-<pid>.txt",
    ({ pid }) => `pid-${pid}.txt`,
    () => "/srv/app\t/home/dev/.code/working/app/branches/auto-review\n",
    { format: "pid-files", pattern: "pid-<pid>.txt" },
  ),
  many(
    "Every Code (review)",
    "just-every/code: state/review/*/review.lock",
    ({ id }) => `app-${id.slice(0, 4)}z/review.lock`,
    ({ pid }) => ({ pid, started_at: Math.floor(beforeSeconds), intent: "review", git_head: "0".repeat(40), snapshot_epoch: 3 }),
    { format: "json-file", pattern: "*/review.lock", fields: { pid: "pid", registeredAt: "started_at" }, about: "process" },
  ),
  many(
    "pad",
    "pad: ~/.pad/sessions/<pid>.json",
    ({ pid }) => `${pid}.json`,
    ({ pid, startTicks, id }) => ({
      session_pid: pid,
      session_pid_source: "CLAUDE_PID",
      proc_start: startTicks,
      messaging_socket_path: "/tmp/x.sock",
      socket_mtime_unix_nano: beforeMs * 1_000_000,
      socket_ino: 42,
      socket_dev: 64_768,
      session_id: id,
      agent: "reviewer",
      // A hook that ended long ago wrote it.
      pid: 4_194_300,
      cwd: "/srv/app",
      registered_at: before,
    }),
    {
      format: "json-file",
      pattern: "<pid>.json",
      fields: { sessionId: "session_id", identity: "agent", startTicks: "proc_start", registeredAt: "registered_at", cwd: "cwd" },
      about: "process",
    },
  ),
  many(
    "Nix",
    "NixOS/nix src/libstore/gc.cc: temproots/<pid>",
    ({ pid }) => `${pid}`,
    () => "/nix/store/00000000000000000000000000000000-x\0",
    { format: "pid-files", pattern: "<pid>" },
  ),
  alone("Nx", "nrwl/nx packages/nx/src/daemon/cache.ts", "server-process.json", ({ pid }) => ({ processId: pid }), { pid: "processId" }),
  alone(
    "rclone bisync",
    "rclone/rclone cmd/bisync/lockfile.go",
    "remote..local.lck",
    ({ pid }) => ({ Session: "/home/dev/.cache/rclone/bisync/remote..local", PID: String(pid), TimeRenewed: before, TimeExpires: before }),
    { pid: "PID", lastHeartbeatAt: "TimeRenewed" },
  ),
  alone(
    "beads",
    "steveyegge/beads: the exclusive lock protocol",
    ".exclusive-lock",
    ({ pid }) => ({ holder: "vc-executor", pid, started_at: before, version: "1.0.0" }),
    { pid: "pid", registeredAt: "started_at" },
  ),
  alone(
    "shep",
    "shep: daemon-service.interface.ts, ~/.shep/daemon.json",
    "daemon.json",
    ({ pid }) => ({ pid, port: 4050, startedAt: before }),
    {
      pid: "pid",
      registeredAt: "startedAt",
    },
  ),
  alone(
    "ai-consultation-mcp",
    "ai-consultation-mcp: interface DaemonLock, ~/.ai-consultation-mcp/daemon.lock",
    "daemon.lock",
    ({ pid }) => ({ pid, port: 4052, startedAt: before, token: "0".repeat(32) }),
    { pid: "pid", registeredAt: "startedAt" },
  ),
  alone(
    "weld",
    "weld: class Lock, .weld/active.lock",
    "active.lock",
    ({ pid }) => ({ pid, run_id: "20261120-120000-plan", command: "weld plan", started_at: before, last_heartbeat: before }),
    { pid: "pid", registeredAt: "started_at", lastHeartbeatAt: "last_heartbeat" },
  ),
  alone(
    "Home Assistant",
    "home-assistant/core homeassistant/runner.py",
    ".ha_run.lock",
    ({ pid }) => ({ pid, version: 1, ha_version: "2026.11.2", start_ts: beforeSeconds }),
    { pid: "pid", registeredAt: "start_ts" },
  ),
  alone(
    "Unity",
    "JetBrains/resharper-unity, Library/EditorInstance.json",
    "EditorInstance.json",
    ({ pid }) => ({
      process_id: pid,
      version: "6000.0.1f1",
      app_path: "/opt/Unity/Editor/Unity",
      app_contents_path: "/opt/Unity/Editor/Data",
    }),
    { pid: "process_id" },
  ),
  alone(
    "Cline",
    "seen of Cline 3.0.65: locks/hub/production.json",
    "production.json",
    ({ pid }) => ({
      hubId: "hub_1795698592250_aaaaa",
      protocolVersion: "v1",
      capabilities: ["client.register"],
      authToken: "0000",
      host: "127.0.0.1",
      port: 25_463,
      url: "ws://127.0.0.1:25463/hub",
      pid,
      startedAt: before,
      updatedAt: before,
    }),
    { pid: "pid", registeredAt: "startedAt", lastActivityAt: "updatedAt" },
  ),
  alone(
    "happy (daemon)",
    "seen of happy 1.2.5: daemon.state.json",
    "daemon.state.json",
    ({ pid }) => ({
      pid,
      httpPort: 38_837,
      startTime: "11/26/2026, 1:13:33 PM",
      startedWithCliVersion: "1.2.5",
      daemonLogPath: "/tmp/x.log",
    }),
    { pid: "pid" },
  ),
  alone("instar", "instar resume-queue.lock", "resume-queue.lock", ({ pid }) => ({ pid }), { pid: "pid" }),
  alone(
    "oh-my-codex (notify)",
    "seen of oh-my-codex 0.21.6: notify-fallback.pid",
    "notify-fallback.pid",
    ({ pid }) => ({
      pid,
      parent_pid: 1,
      cwd: "/srv/app",
      started_at: before,
      max_lifetime_ms: 21_600_000,
      owner_token: "5815-1795698745792-pch89r1d",
    }),
    { pid: "pid", registeredAt: "started_at", cwd: "cwd" },
  ),
  alone(
    "Claude Code (versions)",
    "seen of Claude Code 2.1.197: versions/<version>.lock",
    "2.1.197.lock",
    ({ pid }) => ({ pid, version: "2.1.197", execPath: "/home/dev/.local/share/claude/versions/2.1.197", acquiredAt: beforeMs }),
    { pid: "pid", registeredAt: "acquiredAt" },
  ),
  plain(
    "PostgreSQL",
    "postgres/postgres src/include/utils/pidfile.h",
    "postmaster.pid",
    ({ pid }) =>
      `${pid}\n/var/lib/postgresql/17/main\n${Math.floor(beforeSeconds)}\n5432\n/run/postgresql\nlocalhost\n 65538 3\nready   \n`,
    ["<pid>\n*"],
  ),
  plain("MongoDB", "mongodb/mongo src/mongo/util: mongod.lock", "mongod.lock", ({ pid }) => `${pid}\n`, ["<pid>"]),
  plain("happy (lock)", "seen of happy 1.2.5: daemon.state.json.lock", "daemon.state.json.lock", ({ pid }) => String(pid), ["<pid>"]),
  many(
    "git worktrees",
    "git-worktree(1): worktrees/<name>/locked, with the reason that Claude Code writes",
    ({ id }) => `agent-${id.slice(0, 4)}z/locked`,
    ({ pid, startTicks }) => `claude agent agent-a1 (pid ${pid} start ${startTicks})`,
    { format: "text-file", pattern: "*/locked", text: ["*(pid <pid> start <startTicks>)", "*(pid <pid>*"], about: "process" },
  ),
  {
    project: "a hook of Claude Code (JSON lines)",
    seen: "no project of its own: a hook that appends a line a session",
    alone: false,
    files: (holders) => ({
      "sessions.jsonl": holders
        .map(({ pid, id }) => `${JSON.stringify({ session_id: id, pid, cwd: "/srv/app", started_at: before })}\n`)
        .join(""),
    }),
    look: "sessions.jsonl",
    declare: (dir) => ({
      format: "json-lines",
      path: `${dir}/sessions.jsonl`,
      fields: { sessionId: "session_id", pid: "pid", registeredAt: "started_at", cwd: "cwd" },
      about: "session",
    }),
  },
  many(
    "PM2",
    "Unitech/pm2 pids/<name>-<id>.pid",
    ({ id }) => `api-${id.slice(0, 4)}z.pid`,
    ({ pid }) => String(pid),
    { format: "text-file", pattern: "*.pid", text: ["<pid>"], about: "process" },
  ),
  {
    ...plain("Chromium", "chromium/src chrome/browser/process_singleton_posix.cc", "SingletonLock", () => "", []),
    files: (holders) => Object.fromEntries(holders.map(({ pid }) => ["SingletonLock", { link: `${hostname()}-${pid}` }])),
    declare: (dir) => ({ format: "symlink", path: `${dir}/SingletonLock`, text: ["<host>-<pid>"], about: "process" }),
  },
  {
    ...plain("Mercurial", "mercurial/lock.py: .hg/wlock", "wlock", () => "", []),
    files: (holders) => Object.fromEntries(holders.map(({ pid }) => ["wlock", { link: `${hostname()}:${pid}` }])),
    declare: (dir) => ({ format: "symlink", path: `${dir}/wlock`, text: ["<host>:<pid>"], about: "process" }),
  },
];
