/** Where a PostgreSQL database is, and how it is spoken to. */
export type ServerAddress = {
  /** A name or an address, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  /** Undefined for the user's own name. */
  readonly user: string | undefined;
  readonly database: string;
  /** Undefined where nothing is encrypted: on this machine alone. */
  readonly tls: Tls | undefined;
};

/** Files of a verified connection; without a root certificate those of the system count. */
export type Tls = { readonly rootCert: string | undefined; readonly cert: string | undefined; readonly key: string | undefined };

/** Where Debian's servers, and those of most others, have their sockets. */
const usualSocket = "/var/run/postgresql";

const usualPort = 5432;

const known = ["host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey"] as const;

type Parameters = Partial<Record<(typeof known)[number], string>>;

const shape = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?(\[[\da-f:.]+\]|[^:/?#[\]]*)(?::(\d*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);

const problem = (text: string): { readonly problem: string } => ({ problem: text });

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The words behind the question mark. None of them is repeated in what is said of a mistake: it may be a secret. */
function parametersOf(query: string): Parameters | { readonly problem: string } {
  const found: Parameters = {};
  for (const pair of query.split("&").filter((one) => one !== "")) {
    const at = pair.indexOf("=");
    const name = decoded(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? undefined : decoded(pair.slice(at + 1));
    if (name === "password" || name === "sslpassword") return problem(noPassword);
    const key = known.find((one) => one === name);
    if (key === undefined) return problem(`has a parameter that is not known (${known.join(", ")} are)`);
    if (value === undefined || value === "") return problem(`has no value for ${key}`);
    if (found[key] !== undefined) return problem(`has ${key} twice`);
    found[key] = value;
  }
  return found;
}

const noPassword =
  "holds a password; keep it in the file that PGPASSFILE names or in ~/.pgpass, or let the server know you by peer or certificate";

function tlsOf(
  host: string,
  { sslmode, sslrootcert, sslcert, sslkey }: Parameters,
): { readonly tls: Tls | undefined } | { readonly problem: string } {
  const files = { rootCert: sslrootcert === "system" ? undefined : sslrootcert, cert: sslcert, key: sslkey };
  const isHere = host.startsWith("/") || isLoopback(host);
  if (sslmode === "verify-full") return host.startsWith("/") ? problem("has an sslmode, and a unix socket has none") : { tls: files };
  if (!isHere) return problem("leads to another machine without sslmode=verify-full");
  if (sslmode !== undefined && sslmode !== "disable") return problem('has an sslmode that is neither "verify-full" nor "disable"');
  if (sslrootcert !== undefined || sslcert !== undefined || sslkey !== undefined)
    return problem("names certificates without sslmode=verify-full");
  return { tls: undefined };
}

/** Reads the address of a database, or says what is wrong with it without repeating it. */
export function parseServerAddress(url: string): ServerAddress | { readonly problem: string } {
  const parts = shape.exec(url);
  // What stands in the place of a password is one in any spelling of the rest.
  if (/^postgres(?:ql)?:\/\/[^/?]*:[^/?]*@/i.test(url) || /[?&](?:ssl)?password=/i.test(url)) return problem(noPassword);
  if (parts === null) return problem('is no address of a PostgreSQL database such as "postgres:///prism?host=/run/postgresql"');
  const [, user, named = "", port = "", database = "", query = ""] = parts;
  const parameters = parametersOf(query);
  if ("problem" in parameters) return parameters;
  const host = named === "" ? (parameters.host ?? usualSocket) : decoded(named.replace(/^\[|\]$/g, ""));
  const [name, base] = [decoded(user ?? "") || parameters.user, decoded(database) || parameters.dbname];
  const given = port === "" ? (parameters.port ?? String(usualPort)) : port;
  if (named !== "" && parameters.host !== undefined) return problem("names two hosts");
  if (host === undefined || host.includes(",") || /\s/.test(host)) return problem("has a host that cannot be read");
  if (!/^\d{1,5}$/.test(given) || Number(given) < 1 || Number(given) > 65_535) return problem("has a port that is no number up to 65535");
  if (base === undefined || base === "") return problem("names no database");
  const said = tlsOf(host, parameters);
  return "problem" in said ? said : { host, port: Number(given), user: name, database: base, ...said };
}

/** Whether a text is meant as the address of a server. */
export function isServerUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}
