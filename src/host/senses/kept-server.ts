import { canonicalSession } from "../../core/registration.ts";
import { formatError } from "../observed.ts";
import { listLoaded, serverLimits } from "../sockets/app-server.ts";
import { openRpc, type Kept, type Notice } from "../sockets/rpc.ts";
import type { KeptServer, ThreadEvents } from "./senses.ts";

/** After a lost connection the next one is tried after so many ms, and twice as many after each that fails. */
const [firstPauseMs, longestPauseMs] = [500, 60_000];

/** A connection that has stood for so many ms was no failure: a server may take each one and drop it. */
const steadyAfterMs = 10_000;

type Params = { readonly threadId?: unknown; readonly thread?: { readonly id?: unknown }; readonly status?: { readonly type?: unknown } };

/** Reads one notification of the Codex app server (0.171.0): archiving unloads a thread and says `notLoaded` alone. */
function hear({ method, params }: Notice, { loaded, closed }: ThreadEvents): void {
  const { threadId, thread, status } = (params ?? {}) as Params;
  const id = threadId ?? thread?.id;
  if (typeof id !== "string") return;
  if (method === "thread/closed" || (method === "thread/status/changed" && status?.type === "notLoaded")) closed(canonicalSession(id));
  else if (method === "thread/started" || method === "thread/status/changed") loaded(canonicalSession(id));
}

/** Keeps one connection to an app server, and connects again where it is lost. Nothing but `initialize` and `thread/loaded/list` is sent. */
export function keepServer(connectTo: string, version: string, events: ThreadEvents): KeptServer {
  let pauseMs = firstPauseMs;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let steady: NodeJS.Timeout | undefined;
  let hangUp: () => void = () => undefined;

  function again(why: string): void {
    clearTimeout(steady);
    if (isClosed) return;
    events.lost(why);
    timer = setTimeout(() => void connect(), pauseMs);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
  async function connect(): Promise<void> {
    // Notifications that come before the list has been read are part of what it says.
    const early: Notice[] = [];
    let [isListed, isOver] = [false, false];
    const over = (why: string): void => {
      if (!isOver) again(why);
      isOver = true;
    };
    const kept: Kept = {
      onNotice: (notice) => void (isListed ? hear(notice, events) : early.push(notice)),
      onEnd: ({ message }) => over(message),
    };
    try {
      const rpc = await openRpc(connectTo, { ...serverLimits, totalMs: undefined }, kept);
      hangUp = rpc.close;
      if (isClosed) return rpc.close();
      await rpc.call("initialize", { clientInfo: { name: "sessreap", title: "sessreap", version } });
      const loaded = await listLoaded(rpc);
      // What ended it can have come together with the list.
      if (isOver) return;
      events.connected(loaded);
      isListed = true;
      steady = setTimeout(() => (pauseMs = firstPauseMs), steadyAfterMs);
      for (const notice of early) hear(notice, events);
    } catch (error) {
      hangUp();
      over(formatError(error));
    }
  }
  void connect();
  return {
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      clearTimeout(steady);
      hangUp();
    },
  };
}
