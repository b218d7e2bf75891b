import { seen, unseen, type Observed } from "../core/evidence.ts";

/** The `code` of a system error (`ENOENT`, `EPERM`, …), or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What was asked for is not there, or has ended meanwhile. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH";
}

/** Nothing is at a path: not its last part, or a part before it is no directory (any more). */
export function isNoEntry(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
}

export function formatError(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^([A-Z]+): (.*?), .*$/s, "$2 ($1)") : String(error);
}

/** The result of a look; a look that throws was not made. */
export function look<T>(what: string, get: () => T): Observed<T> {
  try {
    return seen(get());
  } catch (error) {
    return unseen(`${what}: ${formatError(error)}`);
  }
}
