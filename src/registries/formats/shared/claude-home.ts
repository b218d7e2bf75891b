import type { Places } from "../../format.ts";

/** Where Claude Code keeps its files: `$CLAUDE_CONFIG_DIR`, else `~/.claude` (claude 2.1.197). */
export function claudeHome({ home, env }: Places): string {
  const given = env["CLAUDE_CONFIG_DIR"];
  return given !== undefined && given.startsWith("/") ? given.replace(/\/+$/, "") : `${home}/.claude`;
}

/** That one, and every other profile that was found. */
export function claudeHomes(places: Places): readonly string[] {
  return [...new Set([claudeHome(places), ...places.furtherHomes("claude")])];
}

/**
 * What a Claude process can be called by: its executable is named by its version and found by the directory above,
 * its title and argv[0] are `claude`; older ones and those of the agent SDK run in node or bun.
 */
export const claudeNames = ["claude", "claude-code", "node", "bun"] as const;
