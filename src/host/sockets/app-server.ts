import type { AppServerObservation, ThreadRead } from "../../core/evidence.ts";
import { unseen } from "../../core/evidence.ts";
import { canonicalSession } from "../../core/registration.ts";
import { refusalOf } from "./endpoints.ts";
import { formatError } from "../observed.ts";
import { openRpc, RpcError, type Rpc } from "./rpc.ts";

/** Bounds on one app server, in ms and in numbers. A server that exceeds one is unanswered, never dead. */
export const serverLimits = {
  handshakeMs: 1_500,
  requestMs: 1_500,
  totalMs: 3_000,
  pages: 200,
  /** Of all messages together: many pages of many ids would fill the memory one by one. */
  totalBytes: 8 * 1024 * 1024,
} as const;

export type ServerQuestion = {
  /** The address as it was configured; it goes into reports. */
  readonly url: string;
  /** Where to connect: a `ws:` address, or `ws+unix:PATH:/`. */
  readonly connectTo: string;
  /** Ids to ask for one by one when the list does not hold them. */
  readonly ids: readonly string[];
  /** The users whose registries name it. */
  readonly users: ReadonlySet<number>;
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One page of `thread/loaded/list`: `{ data: [id…], nextCursor: string | null }` (codex 0.169.0). */
function readPage(result: unknown): { readonly ids: readonly string[]; readonly next: string | undefined } {
  if (!isRecord(result) || !Array.isArray(result["data"])) throw new Error("a malformed answer to thread/loaded/list");
  const ids = result["data"].map((id: unknown) => {
    if (typeof id !== "string") throw new Error("a malformed answer to thread/loaded/list");
    return canonicalSession(id);
  });
  const next = result["nextCursor"] ?? undefined;
  if (next !== undefined && typeof next !== "string") throw new Error("a malformed answer to thread/loaded/list");
  return { ids, next };
}

/** Every thread that a server has loaded, read to the last page. */
export async function listLoaded(rpc: Rpc): Promise<ReadonlySet<string>> {
  const loaded = new Set<string>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < serverLimits.pages; page += 1) {
    const { ids, next } = readPage(await rpc.call("thread/loaded/list", cursor === undefined ? {} : { cursor }));
    for (const id of ids) loaded.add(id);
    if (next === undefined) return loaded;
    if (cursors.has(next)) throw new Error("thread/loaded/list goes round in circles");
    cursors.add(next);
    cursor = next;
  }
  throw new Error(`thread/loaded/list has more than ${serverLimits.pages} pages`);
}

/** What a server says goes into reports, and it may say a lot. */
const clip = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** Only the two exact forms of "not in memory" count; they are the proof that a list, which may be partial, is not. */
async function readThread(rpc: Rpc, id: string): Promise<ThreadRead> {
  try {
    const result = await rpc.call("thread/read", { threadId: id, includeTurns: false });
    const thread = isRecord(result) && isRecord(result["thread"]) ? result["thread"] : undefined;
    const status = thread?.["status"];
    const type = isRecord(status) ? status["type"] : undefined;
    const sameThread = typeof thread?.["id"] === "string" && canonicalSession(thread["id"]) === id;
    if (type === "notLoaded" && sameThread) return { kind: "not-loaded" };
    return { kind: "other", what: clip(`thread/read answers status ${JSON.stringify(type ?? null)}`) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const named = /^thread not loaded: (\S+)$/.exec(error.message)?.[1];
    if (named !== undefined && canonicalSession(named) === id) return { kind: "not-loaded" };
    return { kind: "other", what: clip(`thread/read answers "${error.message}"`) };
  }
}

async function readThreads(rpc: Rpc, ids: readonly string[], loaded: ReadonlySet<string>): Promise<ReadonlyMap<string, ThreadRead>> {
  const reads = new Map<string, ThreadRead>();
  const asked = [...new Set(ids.map(canonicalSession))].filter((id) => !loaded.has(id));
  try {
    for (const id of asked) reads.set(id, await readThread(rpc, id));
  } catch {
    // Out of time or cut off: what has been answered stands, and the rest was not asked for.
  }
  return reads;
}

/**
 * Asks one app server which threads it has loaded. Only `initialize`, `thread/loaded/list` and `thread/read` are sent:
 * `thread/resume` would load a thread and take its writer lock. Everything is bounded; an answer that is not a complete and
 * well-formed answer is `unanswered`.
 */
export async function askAppServer({ connectTo, ids, users }: ServerQuestion, version: string): Promise<AppServerObservation> {
  let rpc: Rpc | undefined;
  // On most machines nothing listens there, and to find that out needs no WebSocket.
  const refusal = await refusalOf(connectTo, users);
  if (refusal !== undefined) return refusal;
  try {
    rpc = await openRpc(connectTo, serverLimits);
    await rpc.call("initialize", { clientInfo: { name: "sessreap", title: "sessreap", version } });
    const loaded = await listLoaded(rpc);
    const reads = await readThreads(rpc, ids, loaded);
    return { kind: "answered", loaded, reads, upMs: unseen("nobody has looked for its process") };
  } catch (error) {
    return (await refusalOf(connectTo, users)) ?? { kind: "unanswered", why: clip(formatError(error)) };
  } finally {
    rpc?.close();
  }
}
