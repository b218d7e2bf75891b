/** Every variable that sessreap itself defines; a test finds the one that was forgotten here. */
export const ownVariables: readonly (readonly [name: string, what: string])[] = [
  ["SESSREAP_GRACE", "The grace period, as `--grace` takes it."],
  ["SESSREAP_TTL", "The TTL, as `--ttl` takes it."],
  ["SESSREAP_APP_SERVER", "The app server to ask, as `--app-server` takes it."],
  ["SESSREAP_CONFIG", "The configuration to read, instead of the user's and the system's."],
  ["SESSREAP_STATE_DIR", "Where tombstones, the history and the memory between sweeps are kept."],
  ["SESSREAP_PID_NAMESPACE", "`own` declares that this machine's pids are all there are."],
  ["SESSREAP_DEBUG", "`1` prints the stack of a fault in sessreap on standard error, as `-v` does."],
  ["SESSREAP_EXEC", "Set by `sessreap exec` for what it starts, so that it finds all of it again. Not to be set by hand."],
];

/** Variables of others that decide where something is looked for, or how it is shown. */
export const foreignVariables: readonly (readonly [name: string, what: string])[] = [
  ["XDG_CONFIG_HOME, XDG_STATE_HOME", "Where configuration and state stand when they are not below `~/.config` and `~/.local/state`."],
  [
    "CODEX_HOME, CODEX_APP_SERVER_URL, CLAUDE_CONFIG_DIR, CLAUDE_PLUGIN_DATA, QWEN_HOME, QWEN_RUNTIME_DIR, COPILOT_HOME, COPILOT_CACHE_HOME, COPILOT_PKG_CACHE_HOME, CLINE_DIR, CLINE_DATA_DIR, XDG_CACHE_HOME",
    "Where the agents themselves keep what is looked at.",
  ],
  [
    "npm_config_dry_run",
    "Set by npm when `--dry-run` stood where npm takes options for its own, as in `npx --no sessreap --dry-run`. Nothing is written then. Other options that npm has kept are a mistake (2). It keeps `-n` and `--registry` without a trace: write `npx -- sessreap --dry-run`.",
  ],
  ["NO_COLOR, FORCE_COLOR, TERM", "No colour when `NO_COLOR` is set or `TERM` is `dumb`; colour when `FORCE_COLOR` is set."],
];
