import { suggest } from "../../../src/registries/suggest/suggest.ts";
import type { Specimen, Surroundings } from "../../../src/registries/suggest/specimen.ts";

export const [alive, other, gone] = [4711, 4712, 99_999];
export const nowMs = Date.UTC(2026, 10, 20, 12);
export const since = "2026-11-20T11:00:00.000Z";
export const sinceMs = Date.parse(since);
export const [session, second, carried] = [1, 2, 3].map((number) => `019d0000-0000-7000-8000-00000000000${number}`) as [
  string,
  string,
  string,
];
export const bootId = "6d9f6a8e-0000-4000-8000-000000000001";
export const machineId = "6d9f6a8e000040008000000000000002";

/** Two processes run here; one of them carries a session. */
export const around: Surroundings = {
  nowMs,
  hostname: "venus",
  bootId,
  machineId,
  running: (pid) => (pid === alive || pid === other ? { startTicks: String(pid * 10), startedMs: sinceMs - 60_000, argv: [] } : undefined),
  carrierOf: (text) => (text === carried ? alive : undefined),
};

export const file = (content: unknown, path = "/srv/agents.json"): Specimen => ({
  kind: "file",
  path,
  text: typeof content === "string" ? content : JSON.stringify(content),
  writtenMs: sinceMs,
});

export const directory = (files: Readonly<Record<string, unknown>>): Specimen => ({
  kind: "directory",
  path: "/srv/agents",
  files: Object.entries(files).map(([key, content]) => ({
    key,
    text: typeof content === "string" ? content : JSON.stringify(content),
    writtenMs: sinceMs,
    problem: undefined,
  })),
  links: [],
  others: 0,
});

export const links = (targets: Readonly<Record<string, string>>): Specimen => ({
  kind: "directory",
  path: "/srv/locks",
  files: [],
  links: Object.entries(targets).map(([key, target]) => ({ key, target })),
  others: 0,
});

/** A suggestion in words: how the entries are declared, what each member was taken for, and what a person should know beside that. */
export function wordsOf(specimen: Specimen): {
  readonly declared: string;
  readonly findings: readonly string[];
  readonly notes: readonly string[];
} {
  const result = suggest(specimen, around);
  if (!result.ok) return { declared: "nothing", findings: [], notes: [result.problem] };
  const { declaration, findings, notes } = result.suggestion;
  const { onGhost: _, fields: _fields, comment: _comment, ...rest } = declaration;
  const declared = Object.entries(rest).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const said = findings.map(({ field, member, why, sure }) => `${field} ${sure ? "is" : "may be"} ${member}: ${why}`);
  return { declared: declared.join(", "), findings: said, notes };
}
