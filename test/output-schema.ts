import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

type Node = { readonly [name: string]: unknown };

/** The published schema lets unknown members be; here a member that it does not describe is a mistake. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, strict(member)]));
  return members["type"] === "object" && "properties" in members ? { ...members, additionalProperties: false } : members;
}

const published = JSON.parse(readFileSync("schema/output.schema.json", "utf8")) as Node & {
  readonly $defs: Readonly<Record<string, Node>>;
};
const ajv = new Ajv({ allErrors: true });
ajv.addFormat("date-time", (text) => new Date(text).toJSON() === text);
ajv.addSchema({ ...(strict(published) as object), $id: "output" });

/** The words that a document's `command` can be, each with the name of the definition that describes it. */
export const definitionOf: ReadonlyMap<string, string> = new Map(
  Object.entries(published.$defs).flatMap(([name, { properties }]) => {
    const { command, schema } = (properties ?? {}) as Readonly<Record<string, Node | undefined>>;
    const words = schema === undefined ? [] : [command?.["enum"] ?? command?.["const"] ?? []].flat();
    return words.map((word) => [word as string, name] as const);
  }),
);

/** What is wrong with a document by the published schema; nothing for one that it describes in full. */
export function problemsOf(document: unknown): readonly string[] {
  const { command, error } = Object(document) as { readonly command?: string; readonly error?: unknown };
  const name = error === undefined ? definitionOf.get(command ?? "") : "failure";
  const validate = name === undefined ? undefined : ajv.getSchema(`output#/$defs/${name}`);
  if (validate === undefined) return [`no document is called ${command}`];
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${name}${instancePath} ${message}: ${JSON.stringify(params)}`);
}

/** Holds a document against the published schema. */
export function checkDocument(document: unknown): void {
  const problems = problemsOf(document);
  if (problems.length > 0) throw new Error(`schema/output.schema.json does not describe this output:\n${problems.join("\n")}`);
}
