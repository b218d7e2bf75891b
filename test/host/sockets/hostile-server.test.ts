import { createHash } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { AppServerObservation } from "../../../src/core/evidence.ts";
import { askAppServer } from "../../../src/host/sockets/app-server.ts";

const id = "019d0000-0000-7000-8000-000000000001";

/** One frame of a server: final, unmasked. */
function frame(payload: string | Buffer, opcode = 1, first = 0x80 | opcode): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10);
  head[0] = first;
  if (head.length === 2) head[1] = bytes.length;
  else if (head.length === 4) head.writeUInt16BE(bytes.length, 2);
  else head.writeBigUInt64BE(BigInt(bytes.length), 2);
  if (head.length > 2) head[1] = head.length === 4 ? 126 : 127;
  return Buffer.concat([head, bytes]);
}

function headOf(length: bigint): Buffer {
  const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(length, 2);
  return head;
}

type Request = { readonly id: number; readonly method: string; readonly params: Record<string, unknown> };

/** The requests in what a client has sent: small masked frames, each in one piece. */
function requestsIn(bytes: Buffer): readonly Request[] {
  const requests: Request[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const start = at + (short === 126 ? 4 : 2);
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const mask = bytes.subarray(start, start + 4);
    const payload = bytes.subarray(start + 4, start + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    if ((bytes[at] ?? 0) === 0x81) requests.push(JSON.parse(Buffer.from(payload).toString()) as Request);
    at = start + 4 + length;
  }
  return requests;
}

type Behaviour = {
  /** Instead of the handshake. */
  readonly handshake?: (socket: Socket) => void;
  /** Once the handshake is done. */
  readonly open?: (socket: Socket) => void;
  readonly answer?: (socket: Socket, request: Request) => void;
};

const send = (socket: Socket, message: unknown): void => void socket.write(frame(JSON.stringify(message)));

const honest = (socket: Socket, { id: requestId, method }: Request): void => {
  send(socket, { id: requestId, result: method === "initialize" ? {} : { data: [], nextCursor: null } });
};

/** Only `initialize` is answered well. */
const onList =
  (answer: (socket: Socket, request: Request) => void): NonNullable<Behaviour["answer"]> =>
  (socket, request) =>
    request.method === "initialize" ? honest(socket, request) : answer(socket, request);

async function ask({ handshake, open, answer = honest }: Behaviour): Promise<AppServerObservation> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (request) => {
      if (handshake !== undefined) {
        handshake(socket);
        return;
      }
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString())?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      open?.(socket);
      socket.on("data", (bytes) => {
        for (const each of requestsIn(bytes)) answer(socket, each);
      });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await askAppServer({ url, connectTo: url, ids: [id], users: new Set() }, "0");
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Writes again and again for as long as the other side is there. */
function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    if (!socket.destroyed) socket.write(chunk, () => setImmediate(more));
  };
  more();
}

const status = (line: string, headers = ""): Behaviour => ({
  handshake: (socket) => void socket.end(`HTTP/1.1 ${line}\r\n${headers}Content-Length: 0\r\n\r\n`),
});

let cursors = 0;
const manyIds = Array.from({ length: 20_000 }, () => id);

const hostile: Readonly<Record<string, Behaviour>> = {
  "says nothing at all": { handshake: () => undefined },
  "hangs up at once": { handshake: (socket) => void socket.destroy() },
  "drips its handshake": {
    handshake: (socket) => {
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write("H")), 50);
    },
  },
  "answers 401": status("401 Unauthorized"),
  "answers 403": status("403 Forbidden"),
  "sends elsewhere": status("302 Found", "Location: ws://127.0.0.1:1/\r\n"),
  "answers no request": { answer: () => undefined },
  "answers the wrong ids": { answer: (socket, request) => send(socket, { id: request.id + 1_000, result: {} }) },
  "answers ids as text": { answer: (socket, request) => send(socket, { id: String(request.id), result: {} }) },
  "announces a frame of 2^62 bytes": { open: (socket) => void socket.write(headOf(2n ** 62n)) },
  "announces a frame of 2 GiB and sends it": {
    open: (socket) => {
      socket.write(headOf(2n ** 31n));
      flood(socket, Buffer.alloc(65_536, 0x20));
    },
  },
  "sends binary": { open: (socket) => void socket.write(frame("{}", 2)) },
  "compresses what was not to be compressed": { open: (socket) => void socket.write(frame("{}", 1, 0xc1)) },
  "sends what is no UTF-8": { open: (socket) => void socket.write(frame(Buffer.from([0xff, 0xfe]))) },
  "sends what is no JSON": { open: (socket) => void socket.write(frame("{")) },
  "sends null": { open: (socket) => void socket.write(frame("null")) },
  "floods with pings": { answer: () => undefined, open: (socket) => flood(socket, Buffer.concat(Array(1_000).fill(frame("ping", 9)))) },
  "floods with notifications": {
    answer: () => undefined,
    open: (socket) => flood(socket, frame(JSON.stringify({ method: "turn/started", params: { text: "x".repeat(10_000) } }))),
  },
  "has a cursor that goes round": {
    answer: onList((socket, request) =>
      send(socket, { id: request.id, result: { data: [], nextCursor: request.params["cursor"] === "a" ? "b" : "a" } }),
    ),
  },
  "has pages without end": {
    answer: onList((socket, request) => send(socket, { id: request.id, result: { data: [], nextCursor: `${(cursors += 1)}` } })),
  },
  "has big pages without end": {
    answer: onList((socket, request) => send(socket, { id: request.id, result: { data: manyIds, nextCursor: `${(cursors += 1)}` } })),
  },
  "hangs after half a list": {
    answer: onList((socket, request) => {
      if (request.params["cursor"] === undefined) send(socket, { id: request.id, result: { data: [], nextCursor: "next" } });
    }),
  },
  "hangs up after half a list": {
    answer: onList((socket, request) => {
      if (request.params["cursor"] === undefined) send(socket, { id: request.id, result: { data: [], nextCursor: "next" } });
      else socket.destroy();
    }),
  },
  "drips its list": {
    answer: onList((socket, request) => {
      const bytes = frame(JSON.stringify({ id: request.id, result: { data: [], nextCursor: null, padding: "x".repeat(1_000) } }));
      let at = 0;
      const timer = setInterval(() => {
        if (socket.destroyed || at >= bytes.length) clearInterval(timer);
        else socket.write(bytes.subarray(at, (at += 1)));
      }, 20);
    }),
  },
  "lists numbers": { answer: onList((socket, request) => send(socket, { id: request.id, result: { data: [1], nextCursor: null } })) },
  "lists no list": { answer: onList((socket, request) => send(socket, { id: request.id, result: { __proto__: { data: [] } } })) },
  "fails the list": {
    answer: onList((socket, request) => send(socket, { id: request.id, error: { code: -32_601, message: "x".repeat(100_000) } })),
  },
};

describe.concurrent("an app server that", () => {
  test.for(Object.entries(hostile))("%s is unanswered", async ([, behaviour]) => {
    const observation = await ask(behaviour);
    expect(observation.kind).toBe("unanswered");
    expect(observation.kind === "unanswered" ? observation.why.length : Infinity).toBeLessThan(300);
  });

  test("is honest is answered", async () => {
    expect(await ask({})).toMatchObject({ kind: "answered", loaded: new Set() });
  });

  const reads: Readonly<Record<string, unknown>> = {
    "names another thread": { error: { code: -32_600, message: "thread not loaded: 019d0000-0000-7000-8000-000000000002" } },
    "says more than that": { error: { code: -32_600, message: `thread not loaded: ${id} or so` } },
    "says it at length": { error: { code: -32_600, message: "x".repeat(100_000) } },
    "shows another thread": { result: { thread: { id: "019d0000-0000-7000-8000-000000000002", status: { type: "notLoaded" } } } },
    "shows it loaded": { result: { thread: { id, status: { type: "idle" } } } },
  };
  test.for(Object.entries(reads))("when asked for one thread %s does not condemn it", async ([, answer]) => {
    const observation = await ask({
      answer: (socket, request) =>
        request.method === "thread/read" ? send(socket, { id: request.id, ...(answer as object) }) : honest(socket, request),
    });
    expect(observation).toMatchObject({ kind: "answered" });
    const read = observation.kind === "answered" ? observation.reads.get(id) : undefined;
    expect(read?.kind).toBe("other");
    expect(read?.kind === "other" ? read.what.length : 0).toBeLessThan(300);
  });
});

test("all of them together leave the memory as it was", () => {
  // The flood is dropped as it comes: 27 servers at once, two of which send as fast as they can.
  expect(process.memoryUsage().rss).toBeLessThan(768 * 1024 * 1024);
});
