import type { Account } from "./account.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** In ms. A user may stop what runs as that user, so nothing of it is waited for without end. */
const usualMs = 20_000;

/**
 * Runs a command as the user, with that user's groups, without a session, a terminal of ours or anything of our
 * environment: what the system's service of the user has, but for its sandbox.
 */
export async function asUser({ uid, gid, home, name }: Account, given: Env, words: readonly string[], timeout = usualMs) {
  const { execa } = await import("execa");
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "--inh-caps=-all", "--no-new-privs", "--"];
  return execa("setpriv", [...identity, ...words], {
    reject: false,
    timeout,
    stdin: "ignore",
    stripFinalNewline: false,
    cwd: "/",
    // A session of its own: what runs as another user must not type on root's terminal.
    detached: true,
    extendEnv: false,
    env: { ...given, HOME: home, USER: name, LOGNAME: name, PATH: "/usr/local/bin:/usr/bin:/bin" },
  });
}
