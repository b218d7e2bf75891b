import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { ServerPlace } from "../../core/app-servers.ts";
import { seen, type EndpointObservation, type Observed, type Refusal } from "../../core/evidence.ts";
import type { Endpoint } from "../../core/registration.ts";
import { hangs } from "../files/held-directory.ts";
import { danglingLink } from "../files/dangling.ts";
import { errorCode, formatError, look } from "../observed.ts";
import { listenersAt } from "./listeners.ts";
import { sharedNetwork } from "./network.ts";
import { placeToConnect } from "./places.ts";

const connectMs = 500;

type Reached = { readonly kind: "accepted" } | { readonly kind: "refused" } | { readonly kind: "unanswered"; readonly why: string };

/** An address of a protocol that this machine does not have is none at which anything listens. */
const refusals: ReadonlySet<string | undefined> = new Set(["ECONNREFUSED", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** Does anything accept connections there? Nothing is sent. */
async function tryConnection(to: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<Reached> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(to);
    const finish = (reached: Reached): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(connectMs, () => finish({ kind: "unanswered", why: `no answer within ${connectMs} ms` }));
    socket.once("connect", () => finish({ kind: "accepted" }));
    socket.once("error", (error) => {
      const isRefused = refusals.has(errorCode(error)) || (errorCode(error) === "ENOENT" && "path" in to && isMissing(to.path));
      finish(isRefused ? { kind: "refused" } : { kind: "unanswered", why: formatError(error) });
    });
  });
}

/**
 * Nothing is there, and the nearest path that exists above it is a directory that could be searched: a client that connects
 * gets ENOENT. A link that leads nowhere does not show what is behind it.
 */
function isMissing(path: string): boolean {
  try {
    let stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined || danglingLink(path) !== undefined) return false;
    for (let above = path; stat === undefined;) {
      above = dirname(above);
      stat = statSync(above, { throwIfNoEntry: false });
    }
    return stat.isDirectory();
  } catch {
    return false;
  }
}

async function reach(place: ServerPlace): Promise<Reached> {
  if (place.kind === "unix" && hangs(place.path)) return { kind: "unanswered", why: "its file system does not answer" };
  if (place.kind === "unix") return isMissing(place.path) ? { kind: "refused" } : tryConnection({ path: place.path });
  const all = await Promise.all(place.hosts.map((host) => tryConnection({ host, port: place.port })));
  return all.find(({ kind }) => kind === "accepted") ?? all.find(({ kind }) => kind === "unanswered") ?? { kind: "refused" };
}

/** Whether the kernel's tables show a listener where a connection was refused. Other systems than Linux have no such tables. */
function listensAt(place: ServerPlace): Observed<boolean> {
  if (process.platform !== "linux") return seen(false);
  return look("who listens there", () => listenersAt(place).length > 0);
}

function refusalAt(place: ServerPlace, users: ReadonlySet<number>): Refusal {
  return { kind: "refused", listens: listensAt(place), network: place.kind === "unix" ? seen(true) : sharedNetwork(users) };
}

/** An app server's refusal, as a bare connection shows it; undefined where anything else is there, which is to be asked. */
export async function refusalOf(connectTo: string, users: ReadonlySet<number>): Promise<Refusal | undefined> {
  const place = placeToConnect(connectTo);
  if (place === undefined || (await reach(place)).kind !== "refused") return undefined;
  return refusalAt(place, users);
}

/** Why a socket is not connected to: it belongs to another user than the registry does. */
function foreignOwner(place: ServerPlace, user: number): string | undefined {
  const foreign = look("whose it is", () => {
    if (place.kind === "unix") return statSync(place.path, { throwIfNoEntry: false })?.uid ?? user;
    return listenersAt(place).find(({ uid }) => uid !== user)?.uid ?? user;
  });
  if (!foreign.seen) return foreign.why;
  return foreign.value === user ? undefined : `it belongs to uid ${foreign.value}, the registry to uid ${user}`;
}

/** Does anything accept connections at an endpoint? Where a user is named, it is asked only if it is that user's. */
export async function probeEndpoint(endpoint: Endpoint, user: number | undefined): Promise<EndpointObservation> {
  const place: ServerPlace = endpoint.kind === "tcp" ? { kind: "tcp", hosts: ["127.0.0.1"], port: endpoint.port } : endpoint;
  const foreign = user !== undefined && process.platform === "linux" ? foreignOwner(place, user) : undefined;
  if (foreign !== undefined) return { kind: "unanswered", why: foreign };
  const reached = await reach(place);
  return reached.kind === "refused" ? refusalAt(place, new Set(user === undefined ? [] : [user])) : reached;
}
