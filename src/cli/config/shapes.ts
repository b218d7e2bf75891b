import type { About } from "../../core/registration.ts";
import type { DeclaredShape } from "../../registries/declared/declared.ts";
import type { Format } from "../../registries/format.ts";
import { keyItself, valueItself } from "../../registries/fields.ts";
import { builtInFormat, declaredFormats, pidFiles, type DeclaredFormatName } from "../../registries/known.ts";
import type { RegistryConfig } from "./schema/registry-schema.ts";
import { Failure } from "../failure.ts";

type ShapeKey = "table" | "where" | "entries" | "pattern" | "fields" | "text" | "about" | "keepWhen" | "ownDirectory" | "holders";

/** Which of the describing keys a format takes; the others would be ignored, so they are refused. */
const takes: Readonly<Record<string, readonly ShapeKey[]>> = {
  "keyed-json": ["entries", "fields", "about", "keepWhen", "holders"],
  "json-array": ["entries", "fields", "about", "keepWhen", "holders"],
  "json-lines": ["fields", "about", "keepWhen", "holders"],
  "json-file": ["pattern", "fields", "about", "keepWhen", "ownDirectory", "holders"],
  "text-file": ["pattern", "text", "about", "ownDirectory", "holders"],
  symlink: ["pattern", "text", "about", "holders"],
  "postgres-table": ["table", "where", "fields", "about", "keepWhen", "holders"],
  "sqlite-table": ["table", "where", "fields", "about", "keepWhen", "holders"],
  "pid-files": ["pattern", "holders"],
};

const shapeKeys = [
  "table",
  "where",
  "entries",
  "pattern",
  "fields",
  "text",
  "about",
  "keepWhen",
  "ownDirectory",
  "holders",
] as const satisfies readonly ShapeKey[];

function declaredFormat(name: string): ((shape: DeclaredShape) => Format) | undefined {
  return Object.hasOwn(declaredFormats, name) ? declaredFormats[name as DeclaredFormatName] : undefined;
}

/** A file that is called by a pid is a process's own. */
const aboutOf = (pattern: string): About => (pattern.includes("<pid>") ? "process" : "session");

function withHolders(format: Format, { holders }: RegistryConfig): Format {
  return holders === undefined ? format : { ...format, holderNames: holders.map((name) => name.toLowerCase()) };
}

/** Of plain text a configuration has to say what it can look like, and where in it the claim is. */
function assertTextClaims({ format, text, pattern = "" }: RegistryConfig, where: string): void {
  if (takes[format]?.includes("text") !== true) return;
  if (text === undefined) throw new Failure("config", `${where}.text: is missing; it says what a claim looks like, such as ["<pid>"]`);
  const claims = (one: string): boolean => /<(?:pid|sessionId)>/.test(one);
  const silent = claims(pattern) ? -1 : text.findIndex((one) => !claims(one));
  if (silent >= 0)
    throw new Failure("config", `${where}.text[${silent}]: ${JSON.stringify(text[silent])} has no <pid> and no <sessionId> in it`);
}

/** A row has columns and nothing below them, and only a table of which the name is known is read. */
function assertColumns({ format, table, fields = {}, keepWhen = {}, where = {} }: RegistryConfig, at: string): void {
  if (takes[format]?.includes("table") !== true) return;
  if (table === undefined) throw new Failure("config", `${at}.table: is missing; ${format} needs to know which table has the entries`);
  for (const [place, names] of Object.entries({
    fields: Object.values(fields),
    keepWhen: Object.keys(keepWhen),
    where: Object.keys(where),
  })) {
    const wrong = names.find((name) => name.startsWith("/") || name === valueItself || (name === keyItself && place !== "fields"));
    if (wrong !== undefined) throw new Failure("config", `${at}.${place}: ${JSON.stringify(wrong)} is no column of a table`);
  }
}

/** Only a server has an address, and only its rows are those of several machines. */
function assertServer(config: RegistryConfig, at: string): void {
  const isServer = config.format === "postgres-table";
  const misplaced = isServer ? (["path", "shared"] as const) : (["url", "machine", "heartbeatTtl"] as const);
  const wrong = misplaced.find((key) => config[key] !== undefined);
  if (wrong !== undefined)
    throw new Failure("config", `${at}.${wrong}: ${config.format} does not take it${isServer ? "; its place is `url`" : ""}`);
  if (!isServer) return;
  if (config.url === undefined) throw new Failure("config", `${at}.url: is missing; it says which database has the table`);
  const host = config.fields?.host;
  if (host === undefined || host === keyItself)
    throw new Failure("config", `${at}.fields.host: is missing; only rows that name this machine in that column are looked at`);
}

/** The format that an entry of the configuration describes; `where` is its place in the file. */
export function formatOf(config: RegistryConfig, where: string): Format {
  const misplaced = shapeKeys.find((key) => config[key] !== undefined && takes[config.format]?.includes(key) !== true);
  if (misplaced !== undefined)
    throw new Failure("config", `${where}.${misplaced}: ${config.format} has a shape of its own and does not take it`);
  if (config.format === "pid-files") {
    if (config.pattern !== undefined && !config.pattern.includes("<pid>")) {
      throw new Failure("config", `${where}.pattern: ${JSON.stringify(config.pattern)} has no <pid> in it`);
    }
    return withHolders(pidFiles(config.pattern), config);
  }
  assertServer(config, where);
  const builtIn = builtInFormat(config.format);
  if (builtIn !== undefined) return builtIn;
  const { entries = "", fields = {}, pattern = "", text = [] } = config;
  assertTextClaims(config, where);
  assertColumns(config, where);
  const needsFields = takes[config.format]?.includes("fields") === true && takes[config.format]?.includes("pattern") !== true;
  if (config.fields === undefined && needsFields) {
    throw new Failure("config", `${where}.fields: is missing; ${config.format} needs to know which members carry what`);
  }
  const { about = aboutOf(pattern), keepWhen = {}, ownDirectory = false, table = "", where: rows = {} } = config;
  const shape = { entries, fields, text, pattern, about, keepWhen, ownDirectory, table, where: rows };
  return withHolders(shapedFormat(config.format, shape) as Format, config);
}

/** A declared format made from its shape; undefined for a name that no declared format has. */
export function shapedFormat(name: string, shape: DeclaredShape): Format | undefined {
  return declaredFormat(name)?.(shape);
}
