import { expect, test } from "vitest";
import { configure, newScratch, sessreap } from "../harness.ts";
import { fields } from "./server.ts";

const table = { format: "postgres-table", table: "controller_registrations", machine: "venus", fields } as const;
const url = "postgres:///prism?host=/nowhere";

const { host: _, ...withoutHost } = fields;

test.each([
  { what: "a password", given: { ...table, url: "postgres://u:s3cret@localhost/prism" }, said: "url: holds a password" },
  { what: "a password among parameters", given: { ...table, url: "postgres:///prism?password=s3cret" }, said: "url: holds a password" },
  { what: "a password in the place of a path", given: { ...table, path: "postgres://u:s3cret@localhost/prism" }, said: "not shown" },
  { what: "a list of passwords", given: { ...table, url: ["postgres://u:s3cret@localhost/prism"] }, said: "not shown" },
  { what: "a password under a name of its own", given: { ...table, url, password: "s3cret" }, said: "password: unknown key" },
  {
    what: "another machine in the clear",
    given: { ...table, url: "postgres://db.example.org/prism" },
    said: "without sslmode=verify-full",
  },
  { what: "no address", given: table, said: "url: is missing" },
  { what: "a path", given: { ...table, url, path: "/tmp/x" }, said: "path: postgres-table does not take it" },
  {
    what: "an address of a file's table",
    given: { format: "sqlite-table", table: "t", fields: {}, url },
    said: "url: sqlite-table does not take it",
  },
  { what: "no column of the machine", given: { ...table, url, fields: withoutHost }, said: "fields.host: is missing" },
  { what: "a machine that all are called", given: { ...table, url, machine: "localhost" }, said: "machine: is missing" },
  { what: "no table", given: { ...table, url, table: undefined }, said: "table: is missing" },
  {
    what: "a release that is written nowhere",
    given: { ...table, url, fields: { ...fields, releasedAt: undefined }, onGhost: "release" },
    said: "onGhost",
  },
])("a configuration with $what is refused, and no secret of it is repeated", async ({ given, said }) => {
  const scratch = newScratch();
  configure(scratch, { registries: [given] });
  const { code, stdout, stderr } = await sessreap(scratch, ["sweep"]);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
  expect(stdout + stderr).not.toContain("s3cret");
});

test("a table of a server that a command line names has to be described, and its address is not repeated", async () => {
  const { code, stderr } = await sessreap(newScratch(), ["sweep", "--registry", "postgres://u:s3cret@localhost/prism"]);
  expect(code).toBe(2);
  expect(stderr).toContain("no table of a server at this address");
  expect(stderr).not.toContain("s3cret");
});

test("a server that is not there is said with its cure, and no other registry suffers", async () => {
  const scratch = newScratch();
  configure(scratch, { registries: [{ ...table, url }] });
  const { code, stderr } = await sessreap(scratch, ["sweep"]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/cannot be reached/);
  expect(stderr).toMatch(/start it, or correct the directory of its socket/);
});
