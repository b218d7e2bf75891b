/** An error that the server itself answered. */
export class RpcError extends Error {}

export type Rpc = {
  readonly call: (method: string, params: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly close: () => void;
};

/** A message that answers nothing. */
export type Notice = { readonly method: string; readonly params: unknown };

/** Where a connection is kept: what hears its notifications, and its end, which is told once. */
export type Kept = { readonly onNotice: (notice: Notice) => void; readonly onEnd: (why: Error) => void };

/** `totalMs` of a kept connection is undefined, and `totalBytes` counts for each of its messages. */
type Limits = {
  readonly handshakeMs: number;
  readonly requestMs: number;
  readonly totalMs: number | undefined;
  readonly totalBytes: number;
};
type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void; readonly timer: NodeJS.Timeout };

/**
 * JSON-RPC as the Codex app server speaks it: text frames over a WebSocket, without a `"jsonrpc"` member, answers
 * interleaved with notifications. No `Origin` header is sent, for the server answers 403 to one; redirects and
 * compression are off, for nothing here needs them.
 */
export async function openRpc(address: string, limits: Limits, kept?: Kept): Promise<Rpc> {
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(address, {
    handshakeTimeout: limits.handshakeMs,
    maxPayload: limits.totalBytes,
    // Answers to a flood of pings would pile up here for a server that does not read them: those of a kept connection are bounded.
    autoPong: false,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const waiting = new Map<number, Waiting>();
  let failure: Error | undefined;
  let nextId = 1;
  let received = 0;
  let isOpen = false;

  function fail(error: Error): void {
    if (failure === undefined && isOpen) kept?.onEnd(error);
    failure ??= error;
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(failure);
    }
    waiting.clear();
    socket.terminate();
  }

  const { totalMs } = limits;
  const total = totalMs === undefined ? undefined : setTimeout(() => fail(new Error(`no complete answer within ${totalMs} ms`)), totalMs);

  function deliver(message: {
    readonly id?: unknown;
    readonly method?: unknown;
    readonly params?: unknown;
    readonly result?: unknown;
    readonly error?: { readonly message?: unknown } | null;
  }): void {
    const call = typeof message.id === "number" ? waiting.get(message.id) : undefined;
    if (call === undefined && message.id === undefined && typeof message.method === "string")
      kept?.onNotice({ method: message.method, params: message.params });
    if (call === undefined) return;
    waiting.delete(message.id as number);
    clearTimeout(call.timer);
    if (message.error === undefined) {
      call.resolve(message.result);
      return;
    }
    const said = message.error?.message;
    call.reject(new RpcError(typeof said === "string" ? said : "an error without a message"));
  }

  socket.on("message", (data, isBinary) => {
    try {
      if (isBinary) throw new Error("a binary message");
      received = (kept === undefined ? received : 0) + (data as Buffer).length;
      if (received > limits.totalBytes) throw new Error(`more than ${limits.totalBytes} bytes in all`);
      const message: unknown = JSON.parse((data as Buffer).toString("utf8"));
      if (typeof message !== "object" || message === null) throw new Error("a message that is no object");
      deliver(message);
    } catch (error) {
      fail(new Error(`a malformed message: ${error instanceof Error ? error.message : String(error)}`));
    }
  });
  if (kept !== undefined)
    socket.on("ping", (data) => (socket.bufferedAmount > limits.totalBytes ? fail(new Error("it reads no answers")) : socket.pong(data)));
  socket.on("error", fail);
  socket.on("close", (code) => fail(new Error(`the server closed the connection (${code})`)));

  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(failure ?? new Error("the server closed the connection")));
    });
  } catch (error) {
    clearTimeout(total);
    throw error;
  }
  isOpen = true;

  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const id = nextId;
        nextId += 1;
        const timer = setTimeout(() => fail(new Error(`no answer to ${method} within ${limits.requestMs} ms`)), limits.requestMs);
        waiting.set(id, { resolve, reject, timer });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => {
      clearTimeout(total);
      isOpen = false;
      socket.terminate();
    },
  };
}
