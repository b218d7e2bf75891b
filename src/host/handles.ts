/**
 * Node's own handles of sockets. `node:net` around them costs a sixth of a bare start, and a quiet sweep needs no more
 * than an address that nobody else has, and to be refused at another one. They are no part of Node's documented face, so
 * they are used in the versions that were tried, and whatever is not as it was there is left to `node:net`.
 */
type Handle = {
  readonly bind: (address: string) => number;
  readonly connect: (request: object, host: string, port: number) => number;
  readonly close: () => void;
};

type Binding = {
  readonly Pipe?: new (kind: number) => Handle;
  readonly TCP?: new (kind: number) => Handle;
  readonly TCPConnectWrap?: new () => { oncomplete?: (status: number) => void };
  readonly constants: Readonly<Record<"SOCKET" | "SERVER", number>>;
};

const tried: ReadonlySet<string | undefined> = new Set(["20", "24"]);

/** errno(3) on all but a few old machines, where these numbers mean something else, and `node:net` is asked. */
const [addressInUse, connectionRefused] = [-98, -111];

/** Undefined in another Node, and where the permission model forbids it. */
function binding(name: "pipe_wrap" | "tcp_wrap"): Binding | undefined {
  if (process.platform !== "linux" || !tried.has(process.versions.node.split(".")[0])) return undefined;
  try {
    return (process as unknown as { readonly binding: (name: string) => Binding }).binding(name);
  } catch {
    return undefined;
  }
}

/** Takes an abstract address, which is given back by the kernel if not by us; undefined when that is left to `node:net`. */
export function takeAddress(address: string): { readonly release: () => void } | "taken" | undefined {
  const node = binding("pipe_wrap");
  if (node?.Pipe === undefined) return undefined;
  const pipe = new node.Pipe(node.constants.SERVER);
  const status = pipe.bind(address);
  if (status === 0) return { release: () => pipe.close() };
  pipe.close();
  return status === addressInUse ? "taken" : undefined;
}

/** Does this port of the loopback refuse connections? Undefined when that is left to `node:net`. */
export async function refuses(port: number, withinMs: number): Promise<boolean | undefined> {
  const node = binding("tcp_wrap");
  if (node?.TCP === undefined || node.TCPConnectWrap === undefined) return undefined;
  const [socket, request] = [new node.TCP(node.constants.SOCKET), new node.TCPConnectWrap()];
  const status = await new Promise<number>((resolve) => {
    const timer = setTimeout(resolve, withinMs, 0);
    request.oncomplete = (result) => {
      clearTimeout(timer);
      resolve(result);
    };
    if (socket.connect(request, "127.0.0.1", port) !== 0) request.oncomplete(0);
  });
  socket.close();
  return status === connectionRefused;
}
