import { statSync } from "node:fs";
import { dirname } from "node:path";
import { danglingLink } from "../../host/files/dangling.ts";
import { fileState, isLink } from "../../host/files/file-state.ts";
import { NoRegularFile } from "../../host/files/files.ts";
import { readTrusted } from "../../host/files/trusted-file.ts";
import { errorCode, formatError } from "../../host/observed.ts";
import type { Config } from "./schema/config-schema.ts";
import type { RegistryConfig } from "./schema/registry-schema.ts";
import { repeatedName, syntaxProblem } from "../../registries/json/text-faults.ts";
import { sourceOf } from "../../sweep/load/load-members.ts";
import { Failure } from "../failure.ts";
import { didYouMean } from "../suggest.ts";

type Issue = {
  readonly kind: string;
  readonly type: string;
  readonly expected: string | null;
  readonly message: string;
  readonly input: unknown;
  readonly path?: readonly { readonly key?: unknown; readonly value?: unknown }[];
  /** What each of the alternatives says against it. */
  readonly issues?: readonly Issue[];
};

function formatPath(keys: readonly unknown[]): string {
  const parts = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return parts.join("").replace(/^\./, "") || "the whole file";
}

const pathOf = ({ path = [] }: Issue): string => formatPath(path.map(({ key }) => key));

/** How a person calls what valibot calls by its JavaScript name. */
const typeNames: Readonly<Record<string, string>> = { string: "a string", boolean: "true or false", Array: "a list", Object: "an object" };

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "a value that is nested too deeply";
  }
}

/** An address can hold a password in the wrong place, and what is said of it goes to a journal. */
const withPassword = /:\/\/[^/@\s]*:[^@\s]*@|[?&](?:ssl)?password=/i;

function formatValue(value: unknown): string {
  const text = written(value);
  if (withPassword.test(text)) return "an address with a password (not shown)";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** The keys that the object around an unknown one may have. */
function knownKeys(schema: unknown, path: readonly { readonly key?: unknown }[]): readonly string[] {
  let here = schema as { readonly entries?: Record<string, unknown>; readonly item?: unknown; readonly wrapped?: unknown };
  for (const { key } of path) {
    const next = typeof key === "number" ? here.item : here.entries?.[String(key)];
    here = next ?? {};
    if (here.wrapped !== undefined) here = here.wrapped as typeof here;
  }
  return Object.keys(here.entries ?? {});
}

function explain(issue: Issue, schema: unknown): string {
  const where = pathOf(issue);
  const path = issue.path ?? [];
  const isUnknownKey = issue.expected === "never";
  if (isUnknownKey) {
    const known = knownKeys(schema, path.slice(0, -1));
    const { key } = path.at(-1) ?? {};
    const instead = key === "presence" && known.includes("about") ? '; "about" says what an entry claims' : didYouMean(String(key), known);
    // Its value may be a secret that strayed into the file.
    return `${where}: unknown key${instead || ` (known: ${known.join(", ")})`}`;
  }
  const isOwnMessage = issue.type === "check" || issue.type === "regex" || issue.type === "non_empty";
  if (isOwnMessage) return `${where}: ${formatValue(issue.input)} is ${issue.message}`;
  if (issue.type === "union") {
    const word = issue.issues?.find(({ type }) => type === "picklist");
    if (word === undefined) return `${where}: ${formatValue(issue.input)} is not ${issue.message}`;
    return explain({ ...word, path: [...path, ...(word.path ?? [])] }, schema);
  }
  if (issue.type === "picklist" && typeof issue.input === "string") {
    const known = (issue.expected ?? "").split("|").map((word) => word.replaceAll(/[("\s)]/g, ""));
    return `${where}: ${formatValue(issue.input)} is not one of ${known.join(", ")}${didYouMean(issue.input, known)}`;
  }
  if (issue.input === undefined) return `${where}: is missing`;
  return `${where}: ${formatValue(issue.input)} is not ${typeNames[issue.expected ?? ""] ?? issue.expected ?? "allowed"}`;
}

/** valibot takes a list for an object and answers `{}`, which would be a configuration that says nothing. */
function listForObject(given: unknown, taken: unknown, path: string): string | undefined {
  if (Array.isArray(given) !== Array.isArray(taken))
    return `${path.replace(/^\./, "") || "the whole file"}: ${formatValue(given)} is not an object`;
  if (typeof taken !== "object" || taken === null) return undefined;
  for (const [key, part] of Object.entries(taken)) {
    const inner = (given as Readonly<Record<string, unknown>>)[key];
    const found = listForObject(inner, part, Array.isArray(taken) ? `${path}[${key}]` : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads and checks one configuration file; undefined when it is not there and the user did not name it. */
export async function readConfig(path: string, named: boolean): Promise<Config | undefined> {
  const value = readJson(path, named);
  return value === undefined ? undefined : checkConfig(value, path);
}

/** Reads and checks a file that holds one registry, or a list of them. */
export async function readDropIn(path: string): Promise<readonly RegistryConfig[]> {
  const value = readJson(path, true);
  const isList = Array.isArray(value);
  try {
    return (await checkConfig({ registries: isList ? value : [value] }, path)).registries ?? [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Its places are counted from the top of that file.
    throw new Failure("config", error.message.replaceAll(`${path}: registries${isList ? "" : "[0]."}`, `${path}: `));
  }
}

/**
 * Whether a file or a directory is there. What lies behind a link that leads nowhere may be on a disk that is not mounted: to
 * go on without it would be to go on without what it says.
 */
export function isThere(path: string): boolean {
  const own = fileState(path);
  const isLinked = own !== undefined && isLink(own);
  if ((isLinked ? statSync(path, { throwIfNoEntry: false }) : own) !== undefined) return true;
  const link = danglingLink(isLinked ? path : dirname(path));
  if (link === undefined) return false;
  const where = link === path ? "is" : `lies behind ${link},`;
  throw new Failure("config", `${path}: ${where} a symbolic link that leads nowhere; mount or make what it leads to, or remove the link`);
}

/** The value in a file that only we and root can have written. */
function readJson(path: string, named: boolean): unknown {
  let text: string;
  try {
    // Most have none, and an error that is thrown costs more than a look.
    if (!named && !isThere(path)) return undefined;
    text = readTrusted(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (!named && (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR")) return undefined;
    isThere(path);
    const cure = error instanceof NoRegularFile ? "; put a regular file there, or remove it" : "";
    throw new Failure("config", `${path}: ${formatError(error)}${cure}`);
  }
  const source = sourceOf({ bytes: Buffer.from(text) });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new Failure("config", `${path}: no JSON: ${syntaxProblem(source) ?? formatError(error)}`);
  }
  const repeated = repeatedName(source);
  if (repeated !== undefined)
    throw new Failure("config", `${path}: ${formatPath(repeated.path)}: stands twice (${repeated.places.join(", and ")}); keep one`);
  return value;
}

/** Holds a configuration against the schema. `path` is what its problems are said of. */
export async function checkConfig(value: unknown, path: string): Promise<Config> {
  const { configSchema, safeParse } = await import("./schema/config-schema.ts");
  const result = safeParse(configSchema, value);
  if (result.success) {
    const misplaced = listForObject(value, result.output, "");
    if (misplaced !== undefined) throw new Failure("config", `${path}: ${misplaced}`);
    return result.output;
  }
  const issues = result.issues as readonly Issue[];
  throw new Failure("config", issues.map((issue) => `${path}: ${explain(issue, configSchema)}`).join("\n"));
}
