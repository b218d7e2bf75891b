/** Which member of an entry carries what, in the registries that the tests declare. An entry need not carry all of them. */
export const fields = {
  sessionId: "id",
  pid: "pid",
  startTicks: "start",
  bootId: "boot",
  host: "host",
  registeredAt: "since",
  lastActivityAt: "active",
  lastHeartbeatAt: "beat",
} as const;
