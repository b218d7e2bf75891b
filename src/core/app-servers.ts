import { tokensOf } from "./agents/agents.ts";

/** One spelling for an app server's address: `localhost` is the loopback address, a final slash says nothing. */
export function canonicalServer(url: string): string {
  return url.startsWith("ws:") ? url.replace("//localhost:", "//127.0.0.1:").replace(/\/$/, "") : url;
}

/** Is a process with this argv to serve this address (`codex app-server --listen ADDRESS`)? */
export function argvNamesServer(argv: readonly string[], url: string): boolean {
  const wanted = canonicalServer(url);
  return argv.includes("app-server") && tokensOf(argv).some((token) => canonicalServer(token) === wanted);
}

/**
 * `ws:` on the loopback interface, `unix://` with an absolute path, or `unix://` for Codex's own socket. Whether a
 * server of another machine is down cannot be seen from here, so none is asked.
 */
export function isServerAddress(url: string): boolean {
  return /^(?:unix:\/\/(?:\/.*)?|ws:\/\/(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?\/?)$/.test(url);
}
