import type { Places } from "../../format.ts";

/** The directory that a variable names; undefined where it names none, or one that depends on the current directory. */
export function directoryIn({ env }: Pick<Places, "env">, variable: string): string | undefined {
  const given = env[variable];
  return given?.startsWith("/") === true ? given.replace(/(?<=.)\/+$/, "") : undefined;
}
