import { isServerAddress } from "../../core/app-servers.ts";

type Values = Readonly<Record<string, string | undefined>>;

/** What `units install` records of the shell: where agents and sessreap keep their files, and the app server. */
export const recordedNames = [
  "CODEX_HOME",
  "CLAUDE_CONFIG_DIR",
  "QWEN_HOME",
  "QWEN_RUNTIME_DIR",
  "COPILOT_HOME",
  "COPILOT_CACHE_HOME",
  "COPILOT_PKG_CACHE_HOME",
  "CLINE_DIR",
  "CLINE_DATA_DIR",
  "CODEX_APP_SERVER_URL",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "XDG_DATA_HOME",
  "XDG_CACHE_HOME",
] as const;

/** Variables that are addresses, not paths. */
const addresses: ReadonlySet<string> = new Set(["CODEX_APP_SERVER_URL", "SESSREAP_APP_SERVER"]);

/** Whether a value is an address that no sweep asks, with a place for a password or a token in it. */
const mayBeSecret = (name: string, value: string): boolean => addresses.has(name) && !isServerAddress(value) && /[@?#]/.test(value);

/** A value as it is said on screens and in reports. */
export const shownValue = (name: string, value: string): string => (mayBeSecret(name, value) ? "an address that is not shown" : value);

export type Recorded = {
  readonly values: Readonly<Record<string, string>>;
  /** What was not recorded though the shell has it, and why. */
  readonly leftOut: readonly string[];
};

/** Chooses what is recorded. `isForeign` says that a path is not of the user as whom the unit runs. */
export function recordedFrom(env: Values, isForeign: (path: string) => boolean): Recorded {
  const values: Record<string, string> = {};
  const leftOut: string[] = [];
  for (const name of recordedNames) {
    const value = env[name] ?? "";
    if (value === "") continue;
    const isPath = !addresses.has(name);
    if (mayBeSecret(name, value)) leftOut.push(`${name}: it may hold a password or a token`);
    else if (/\p{Cc}/u.test(value)) leftOut.push(`${name}: it holds a control character`);
    else if (isPath && !value.startsWith("/")) leftOut.push(`${name}=${value}: it is no absolute path`);
    else if (isPath && isForeign(value)) leftOut.push(`${name}=${value}: it is not this user's`);
    else values[name] = value;
  }
  return { values, leftOut };
}

/** The lines of an environment file (systemd.exec(5)): inside double quotes a backslash escapes these four characters. */
export function environmentLines(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `${name}="${value.replaceAll(/["\\`$]/g, "\\$&")}"`);
}

function unquote(text: string): string {
  const [, double, single] = /^"((?:[^"\\]|\\.)*)"$|^'([^']*)'$/s.exec(text) ?? [];
  if (double !== undefined) return double.replaceAll(/\\(["\\`$])/g, "$1");
  return single ?? text;
}

/** Reads an environment file as systemd does, but for a value that is quoted in parts. */
export function parseEnvironment(text: string): Readonly<Record<string, string>> {
  const lines = text.replaceAll(/\\\n/g, "").split("\n");
  return Object.fromEntries(
    lines.flatMap((line) => {
      const found = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
      return found === null ? [] : [[found[1] as string, unquote((found[2] as string).trim())] as const];
    }),
  );
}
