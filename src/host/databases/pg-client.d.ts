/** Reads the file of passwords as libpq does. */
declare module "pgpass" {
  type Wanted = { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
  export default function pgpass(wanted: Wanted, done: (password: string | undefined) => void): void;
}

/** The client alone, without the pool and without the way to a native library. */
declare module "pg/lib/client.js" {
  export { Client as default } from "pg";
}
