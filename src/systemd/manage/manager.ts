import { existsSync } from "node:fs";
import { searchPath } from "../../host/search-path.ts";

/** The manager of the user who runs us, or the system's for one user. */
export type Scope = { readonly kind: "user" } | { readonly kind: "system"; readonly user: string };

export type Answered = { readonly ok: boolean; readonly stdout: string; readonly said: string };

export type UnitNames = { readonly service: string; readonly timer: string; readonly watch: string };

export function unitNames(scope: Scope): UnitNames {
  const instance = scope.kind === "user" ? "" : `@${scope.user}`;
  return { service: `sessreap${instance}.service`, timer: `sessreap${instance}.timer`, watch: `sessreap-watch${instance}.service` };
}

/** The command line that a person would type. */
export function systemctlWords(scope: Scope): string {
  return scope.kind === "user" ? "systemctl --user" : "systemctl";
}

const quickMs = 10_000;

/** A shell below cron, sudo or su often lacks the variable by which the user's manager is found. */
function runtimeDirectory(): Readonly<Record<string, string>> {
  const usual = `/run/user/${process.getuid?.()}`;
  const given = process.env["XDG_RUNTIME_DIR"] ?? "";
  if (given !== "") return { XDG_RUNTIME_DIR: given };
  return existsSync(usual) ? { XDG_RUNTIME_DIR: usual } : {};
}

/** Runs systemctl without pager, colour or local time, and within bounded time. */
export async function systemctl(scope: Scope["kind"], words: readonly string[], timeoutMs = quickMs): Promise<Answered> {
  const { execa } = await import("execa");
  const result = await execa("systemctl", [`--${scope}`, "--no-pager", "--no-ask-password", ...words], {
    reject: false,
    timeout: timeoutMs,
    stdin: "ignore",
    cwd: "/",
    env: { ...runtimeDirectory(), PATH: searchPath(), TZ: "UTC", LC_ALL: "C", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" },
  });
  const said = result.stderr === "" ? (result.failed ? result.shortMessage : "") : result.stderr;
  return { ok: !result.failed, stdout: result.stdout ?? "", said: (said ?? "").trim() };
}

export type Properties = Readonly<Record<string, string>>;

/** `systemctl show` of several units: one block of `Name=value` lines each, in the order that was asked for. A list has a line for each of its elements. */
export async function showUnits(
  scope: Scope["kind"],
  units: readonly string[],
  properties: readonly string[],
): Promise<{ readonly ok: true; readonly units: readonly Properties[] } | { readonly ok: false; readonly why: string }> {
  const answered = await systemctl(scope, ["show", `--property=${properties.join(",")}`, "--", ...units]);
  if (!answered.ok) return { ok: false, why: answered.said };
  const blocks = answered.stdout.split("\n\n").map((block) => {
    const values: Record<string, string> = {};
    for (const line of block.split("\n")) {
      const at = line.indexOf("=");
      if (at < 0) continue;
      const [name, value] = [line.slice(0, at), line.slice(at + 1)];
      const before = values[name];
      values[name] = before === undefined ? value : `${before}\n${value}`;
    }
    return values;
  });
  return { ok: true, units: units.map((_, index) => blocks[index] ?? {}) };
}
