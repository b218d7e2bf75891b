import { nodeBinding } from "./node-binding.ts";

/**
 * Node's own handles of sockets. `node:net` around them costs a sixth of a bare start, and a quiet sweep needs no more
 * than an address that nobody else has, and to be refused at another one. Whatever is not as expected is left to it.
 */
type Handle = {
  readonly bind: (address: string) => number;
  readonly connect: (request: object, host: string, port: number) => number;
  readonly close: () => void;
};

type Pipes = { readonly Pipe: new (kind: number) => Handle; readonly constants: { readonly SERVER: number } };

type Tcp = {
  readonly TCP: new (kind: number) => Handle;
  readonly TCPConnectWrap: new () => { oncomplete?: (status: number) => void };
  readonly constants: { readonly SOCKET: number };
};

/** errno(3) on all but a few old machines, where these numbers mean something else, and `node:net` is asked. */
const [addressInUse, connectionRefused] = [-98, -111];

/** Takes an abstract address, which is given back by the kernel if not by us; undefined when that is left to `node:net`. */
export function takeAddress(address: string): { readonly release: () => void } | "taken" | undefined {
  const node = nodeBinding<Pipes>("pipe_wrap");
  if (node?.Pipe === undefined || node.constants === undefined) return undefined;
  const pipe = new node.Pipe(node.constants.SERVER);
  const status = pipe.bind(address);
  if (status === 0) return { release: () => pipe.close() };
  pipe.close();
  return status === addressInUse ? "taken" : undefined;
}

/** Does this port of the loopback refuse connections? Undefined when that is left to `node:net`. */
export async function refuses(port: number, withinMs: number): Promise<boolean | undefined> {
  const node = nodeBinding<Tcp>("tcp_wrap");
  if (node?.TCP === undefined || node.TCPConnectWrap === undefined || node.constants === undefined) return undefined;
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
