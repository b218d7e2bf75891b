import { userInfo } from "node:os";
import pgpass from "pgpass";
import type { ClientConfig } from "pg";
import Client from "pg/lib/client.js";
import type { ServerAddress } from "../../registries/rows/server-address.ts";
import type { ServerStatement } from "../../registries/rows/server-statements.ts";
import { readRegularText } from "../files/files.ts";
import { errorCode, formatError } from "../observed.ts";

/** An answer of the server: each value as the text that it gave. */
export type Answer = { readonly rows: readonly Readonly<Record<string, string | null>>[]; readonly count: number };

/** One connection. Nothing that it is asked for waits for longer than a few seconds. */
export type Connection = {
  readonly run: (sql: string) => Promise<void>;
  readonly ask: (statement: ServerStatement) => Promise<Answer>;
};

/** A connection that is not there after so many ms will not come; nor will an answer. */
const patienceMs = { connect: 3_000, answer: 15_000, end: 500 } as const;

/** The password of a file; there is no other place from which one is taken. */
function passwordOf({ host, port, user, database }: { host: string; port: number; user: string; database: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    pgpass({ host, port, user, database }, (password) => {
      if (typeof password === "string") resolve(password);
      else reject(Object.assign(new Error("no line of the password file is for it"), { code: "sessreap-no-password" }));
    });
  });
}

function tlsOf({ tls, host }: ServerAddress): ClientConfig["ssl"] {
  if (tls === undefined) return false;
  const read = (path: string | undefined): string | undefined => (path === undefined ? undefined : readRegularText(path));
  const [ca, cert, key] = [read(tls.rootCert), read(tls.cert), read(tls.key)];
  return {
    rejectUnauthorized: true,
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

type InnerClient = Client & {
  readonly connectionParameters: { options?: unknown; replication?: unknown };
  readonly connection: { readonly stream: { readonly destroy: () => void } };
};

/** The variables of the environment that other clients heed say nothing here: only the address counts. */
function clientAt(address: ServerAddress): InnerClient {
  const { host, port, database } = address;
  const user = address.user ?? userInfo().username;
  const client = new Client({
    host,
    port,
    user,
    database,
    ssl: tlsOf(address),
    sslnegotiation: "postgres",
    client_encoding: "UTF8",
    application_name: "sessreap",
    password: () => passwordOf({ host, port, user, database }),
    connectionTimeoutMillis: patienceMs.connect,
    query_timeout: patienceMs.answer,
    types: { getTypeParser: () => (text: string) => text },
  }) as InnerClient;
  client.connectionParameters.options = undefined;
  client.connectionParameters.replication = undefined;
  // A connection that is lost while nothing is asked is noticed at the next question.
  client.on("error", () => undefined);
  return client;
}

async function end(client: InnerClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => (timer = setTimeout(done, patienceMs.end)));
  try {
    await Promise.race([client.end(), late]);
  } catch {
    // It is gone, and that is what was wanted.
  } finally {
    clearTimeout(timer);
    client.connection.stream.destroy();
  }
}

/** Connects, lets `use` have the connection, and ends it in any case. */
export async function withConnection<T>(address: ServerAddress, use: (connection: Connection) => Promise<T>): Promise<T> {
  const client = clientAt(address);
  try {
    await client.connect();
    return await use({
      run: async (sql) => void (await client.query(sql)),
      ask: async ({ sql, values }) => {
        const { rows, rowCount } = await client.query({ text: sql, values: values as unknown[] });
        return { rows: rows as Answer["rows"], count: rowCount ?? 0 };
      },
    });
  } finally {
    await end(client);
  }
}

/** What went wrong, and what to do about it; `busy` is over by itself. */
export type ServerProblem = {
  readonly kind: "busy" | "denied" | "refused" | "unreachable" | "taken" | "constraint" | "other";
  readonly problem: string;
  readonly cure: string;
};

/** A problem and its cure in one line. */
export const withCure = ({ problem, cure }: ServerProblem): string => (cure === "" ? problem : `${problem} (${cure})`);

const states: Readonly<Record<string, readonly [ServerProblem["kind"], string]>> = {
  "55P03": ["busy", ""],
  "40P01": ["busy", ""],
  "40001": ["busy", ""],
  "57014": ["other", "look why it takes so long, or give its rows an index on the machine's column"],
  "42501": ["denied", "GRANT the role what it lacks"],
  "28000": ["refused", "correct the user in the address, or pg_hba.conf"],
  "28P01": ["refused", "correct the password in the file that PGPASSFILE names or in ~/.pgpass"],
  "3D000": ["refused", "correct the database in the address"],
  "53300": ["unreachable", "it has no connection left; raise max_connections or set a pooler before it"],
  "57P01": ["unreachable", "wait until it is up again"],
  "57P02": ["unreachable", "wait until it is up again"],
  "57P03": ["unreachable", "wait until it is up"],
  "sessreap-no-password": ["refused", "write its line into the file that PGPASSFILE names or into ~/.pgpass, mode 0600"],
  ENOENT: ["unreachable", "start it, or correct the directory of its socket"],
  ECONNREFUSED: ["unreachable", "start it, or correct the address"],
  EACCES: ["unreachable", "this user may not enter the directory of its socket"],
};

/** What an error of the server, or of the way to it, means. */
export function problemOf(error: unknown): ServerProblem {
  const code = errorCode(error) ?? "";
  const said = formatError(error);
  const known = states[code];
  if (known !== undefined) return { kind: known[0], problem: said, cure: known[1] };
  if (code === "23505") return { kind: "taken", problem: said, cure: "" };
  if (code.startsWith("23")) return { kind: "constraint", problem: said, cure: "" };
  if (code.startsWith("08") || /^E[A-Z]+$/.test(code) || isLost(error))
    return { kind: "unreachable", problem: said, cure: "see whether it is up" };
  if (/CERT|TLS|SSL|ISSUER|ALTNAME/.test(code) || /SSL/.test(said))
    return { kind: "refused", problem: said, cure: "name the certificate of its issuer in sslrootcert" };
  return { kind: "other", problem: said, cure: "see the server's log" };
}

/** The connection has ended before the answer came, or none came in time. */
export function isLost(error: unknown): boolean {
  return error instanceof Error && /terminated|timeout|not queryable|ended|closed/i.test(error.message);
}
