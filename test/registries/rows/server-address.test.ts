import { describe, expect, test } from "vitest";
import { isServerUrl, parseServerAddress } from "../../../src/registries/rows/server-address.ts";

const none = { rootCert: undefined, cert: undefined, key: undefined };

describe("the address of a PostgreSQL database", () => {
  test.each([
    ["postgres:///prism?host=/run/postgresql", { host: "/run/postgresql", port: 5432, user: undefined, database: "prism", tls: undefined }],
    ["postgresql:///prism", { host: "/var/run/postgresql", database: "prism" }],
    ["postgres://sweeper@127.0.0.1:6432/prism", { host: "127.0.0.1", port: 6432, user: "sweeper", tls: undefined }],
    ["postgres://sweeper@[::1]/prism", { host: "::1", tls: undefined }],
    ["postgres://localhost/prism?user=sweeper&port=5433", { host: "localhost", user: "sweeper", port: 5433 }],
    ["postgres://localhost/prism?sslmode=verify-full", { tls: none }],
    ["postgres://db.example.org/prism?sslmode=verify-full", { host: "db.example.org", tls: none }],
    ["postgres://db.example.org/prism?sslmode=verify-full&sslrootcert=system", { tls: none }],
    [
      "postgres://a%40b@db/pr%2Fism?sslmode=verify-full&sslrootcert=/etc/ca.pem&sslcert=/c.pem&sslkey=/k.pem",
      { user: "a@b", database: "pr/ism", tls: { rootCert: "/etc/ca.pem", cert: "/c.pem", key: "/k.pem" } },
    ],
    ["postgres:///?dbname=prism&host=/tmp", { host: "/tmp", database: "prism" }],
  ])("is read: %s", (url, said) => {
    expect(parseServerAddress(url)).toMatchObject(said);
    expect(isServerUrl(url)).toBe(true);
  });

  test.each([
    ["postgres://u:s3cret@localhost/prism", "holds a password"],
    ["postgres://u:@localhost/prism", "holds a password"],
    ["postgres://:s3cret@/prism", "holds a password"],
    ["POSTGRES://u:s3cret@localhost/prism", "holds a password"],
    ["postgres://u:s3%63ret@localhost:1/prism?host=/x", "holds a password"],
    ["postgres:///prism?password=s3cret", "holds a password"],
    ["postgres:///prism?host=/x&%70assword=s3cret", "holds a password"],
    ["postgres:///prism?sslpassword=s3cret", "holds a password"],
    ["postgres://u:s3c@ret@localhost/prism", "holds a password"],
    ["postgres://db.example.org/prism", "sslmode=verify-full"],
    ["postgres://db.example.org/prism?sslmode=require", "sslmode=verify-full"],
    ["postgres://10.0.0.1/prism?sslmode=disable", "sslmode=verify-full"],
    ["postgres://127.0.0.1.example.org/prism", "sslmode=verify-full"],
    ["postgres://localhost.example.org/prism", "sslmode=verify-full"],
    ["postgres:///prism?host=db.example.org", "sslmode=verify-full"],
    ["postgres://localhost/prism?sslmode=prefer", "neither"],
    ["postgres://localhost/prism?sslrootcert=/ca.pem", "certificates without"],
    ["postgres:///prism?host=/tmp&sslmode=verify-full", "a unix socket has none"],
    ["postgres:///prism?options=-c%20x", "not known"],
    ["postgres:///prism?host=/a&host=/b", "twice"],
    ["postgres:///prism?host=", "no value"],
    ["postgres://a/prism?host=/b", "two hosts"],
    ["postgres://a,b/prism", "cannot be read"],
    ["postgres://localhost:99999/prism", "a port"],
    ["postgres://localhost:0/prism", "a port"],
    ["postgres://localhost/", "names no database"],
    ["postgres://localhost/%zz", "names no database"],
    ["mysql://localhost/prism", "is no address"],
    ["postgres://localhost/prism#x", "is no address"],
    ["", "is no address"],
  ])("is refused, and not repeated: %s", (url, said) => {
    const read = parseServerAddress(url);
    expect(read).toMatchObject({ problem: expect.stringContaining(said) as string });
    expect(JSON.stringify(read)).not.toMatch(/s3c|ret@|example/);
  });
});
