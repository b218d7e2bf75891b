/**
 * Registries and locks of public projects of 2025 and 2026 that run coding agents, in the shape that their source or
 * documentation shows, each beside the declaration that a user would write for it. Values are made up.
 */

import { hostname } from "node:os";
import { alone, many, type PublicRegistry } from "./registry.ts";

const beforeMs = Date.now() - 2 * 86_400_000;
const before = new Date(beforeMs).toISOString();
const beforeSeconds = `${before.slice(0, 19)}Z`;

export const agentRegistries: readonly PublicRegistry[] = [
  many(
    "OpenClaw",
    "openclaw/openclaw src/agents/session-write-lock.ts: <session>.jsonl.lock",
    ({ id }) => `${id}.jsonl.lock`,
    ({ pid, startTicks }) => ({ pid, createdAt: before, starttime: Number(startTicks) }),
    {
      format: "json-file",
      pattern: "<sessionId>.jsonl.lock",
      fields: { pid: "pid", startTicks: "starttime", registeredAt: "createdAt" },
      about: "process",
    },
  ),
  many(
    "a workflow of agents (directory locks)",
    "gileck/my-youtube-app docs/template/github-agents-workflow/directory-locking.md: agent-dir-<sha256>.lock",
    ({ id }) => `agent-dir-${id.replaceAll("-", "").repeat(2)}.lock`,
    ({ pid }) => ({ pid, cwd: "/srv/app", startTime: before, hostname: hostname(), agents: ["auto-advance", "implement"] }),
    {
      format: "json-file",
      pattern: "agent-dir-*.lock",
      fields: { pid: "pid", registeredAt: "startTime", host: "hostname", cwd: "cwd" },
      about: "process",
    },
  ),
  many(
    "polka",
    "polka packages/cli/src/agent/session.ts: /tmp/polka-agent-locks/<session>.lock",
    ({ id }) => `${id}.lock`,
    ({ pid, id }) => ({ sessionId: id, pid, startTime: beforeMs, hostname: hostname(), username: "ada" }),
    {
      format: "json-file",
      pattern: "<sessionId>.lock",
      fields: { sessionId: "sessionId", pid: "pid", registeredAt: "startTime", host: "hostname" },
    },
  ),
  many(
    "session locks of OpenCode agents",
    "scripts/agent-start.sh of several projects: .agent/session_locks/agent_<agent>_<session>.json",
    ({ id }) => `agent_a1_${id}.json`,
    ({ pid, id }) => ({
      agent_id: "a1",
      agent_name: "gardener",
      session_id: id,
      started_at: beforeSeconds,
      last_heartbeat: beforeSeconds,
      current_task: "t-1",
      task_description: "x",
      pid,
      workspace: "/srv/app",
      heartbeat_interval: 300,
      version: "1.0",
    }),
    {
      format: "json-file",
      pattern: "agent_*.json",
      fields: { sessionId: "session_id", pid: "pid", registeredAt: "started_at", lastHeartbeatAt: "last_heartbeat", cwd: "workspace" },
    },
  ),
  {
    project: "forge",
    seen: "interface SessionRegistry, <repo>/.forge/sessions.json",
    alone: false,
    files: (holders) => ({
      "sessions.json": {
        sessions: holders.map(({ pid, id }, index) => ({
          id: `go-20261125-${id.slice(0, 8)}`,
          user: "Ada",
          email: "ada@example.org",
          skill: "go",
          branch: `forge/go-${index}`,
          worktreePath: `/srv/wt-${index}`,
          startedAt: before,
          pid,
          status: "active",
        })),
      },
    }),
    look: "sessions.json",
    declare: (dir) => ({
      format: "json-array",
      path: `${dir}/sessions.json`,
      entries: "/sessions",
      fields: { sessionId: "id", pid: "pid", registeredAt: "startedAt", cwd: "worktreePath" },
    }),
  },
  many(
    "kingdom",
    "jbohnslav/kingdom src/kingdom/session.py: sessions/<agent>.json",
    ({ id }) => `agent-${id.slice(0, 4)}z.json`,
    ({ pid, id }) => ({
      status: "working",
      resume_id: id,
      pid,
      ticket: "kin-2d8e",
      thread: "t-1",
      started_at: before.replace("Z", "+00:00"),
    }),
    { format: "json-file", pattern: "*.json", fields: { sessionId: "resume_id", pid: "pid", registeredAt: "started_at" } },
  ),
  {
    project: "claude-yes",
    seen: "snomiao/claude-yes docs/running-lock.md: ~/.claude-yes/running.lock.json",
    alone: false,
    files: (holders) => ({
      "running.lock.json": {
        tasks: holders.map(({ pid }, index) => ({
          cwd: `/srv/app${index}`,
          gitRoot: `/srv/app${index}`,
          task: "mend the tests",
          pid,
          status: "running",
          startedAt: beforeMs,
          lockedAt: beforeMs,
        })),
      },
    }),
    look: "running.lock.json",
    declare: (dir) => ({
      format: "json-array",
      path: `${dir}/running.lock.json`,
      entries: "/tasks",
      fields: { pid: "pid", registeredAt: "startedAt", cwd: "cwd" },
      about: "process",
    }),
  },
  {
    project: "a merge queue of agents",
    seen: "a shell script's queue: <sequence>.json",
    alone: false,
    files: (holders) =>
      Object.fromEntries(
        holders.map(({ pid }, index) => [`000${index}.json`, { slug: `feature-${index}`, agentPid: pid, enqueuedAt: beforeSeconds }]),
      ),
    look: "",
    declare: (dir) => ({
      format: "json-file",
      path: dir,
      pattern: "*.json",
      fields: { pid: "agentPid", registeredAt: "enqueuedAt" },
      about: "process",
    }),
  },
  {
    project: "oh-my-claudecode",
    seen: "yousiki/omc bridge/runtime-cli.cjs: workers/<worker>/heartbeat.json",
    alone: false,
    files: (holders) =>
      Object.fromEntries(
        holders.map(({ pid }, index) => [`worker-${index}/heartbeat.json`, { pid, last_turn_at: before, turn_count: 7, alive: true }]),
      ),
    look: "",
    declare: (dir) => ({
      format: "json-file",
      path: dir,
      pattern: "*/heartbeat.json",
      fields: { pid: "pid", lastHeartbeatAt: "last_turn_at" },
      about: "process",
    }),
  },
  alone(
    "gsd-2",
    "gsd-build/gsd-2: <project>/.gsd/auto.lock",
    "auto.lock",
    ({ pid, id }) => ({
      pid,
      startedAt: before,
      unitType: "execute-task",
      unitId: "M001/S01/T02",
      unitStartedAt: before,
      completedUnits: 3,
      sessionFile: `/srv/sessions/${id}.jsonl`,
    }),
    { pid: "pid", registeredAt: "startedAt" },
  ),
];
