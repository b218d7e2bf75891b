// Writes all that is made from the declarations and checked in: the JSON schemas of the configuration and of the output,
// the manual, the shells' completions. `--check` fails when a checked-in file differs.
import { toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import { checkedIn } from "./checked-in.mjs";
import { importSource } from "./source.mjs";

const { configSchema } = await importSource("src/cli/config/schema/config-schema.ts");
const { manualPages } = await importSource("src/cli/manual/pages.ts");
const { completionScripts } = await importSource("src/cli/completion/scripts.ts");

const { documents, parts } = await importSource("src/cli/documents/documents.ts");

const schema = { title: "sessreap configuration", ...toJsonSchema(configSchema, { ignoreActions: ["check"] }) };
checkedIn("schema/config.schema.json", `${JSON.stringify(schema, null, 2)}\n`);

/** Programs that know an older output must not stumble over a new member, so the schema lets others be. */
function permissive(value) {
  if (Array.isArray(value)) return value.map(permissive);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([name, member]) => !(name === "additionalProperties" && member === false));
  return Object.fromEntries(members.map(([name, member]) => [name, permissive(member)]));
}

const definitions = { ...documents, ...parts };
const ofOutput = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "sessreap output",
  description:
    "What sessreap prints on stdout with --json: one document, or one a line from watch. A program should pass over members and words that it does not know: new ones may come without a new number in schema.",
  anyOf: Object.keys(documents).map((name) => ({ $ref: `#/$defs/${name}` })),
  $defs: permissive(toJsonSchemaDefs(definitions, { ignoreActions: ["check", "readonly"] })),
};
checkedIn("schema/output.schema.json", `${JSON.stringify(ofOutput, null, 2)}\n`);

for (const [name, { section, render }] of Object.entries(manualPages)) checkedIn(`man/${name}.${section}`, render());

// Each shell looks for completions under a name of its own.
checkedIn("completions/sessreap.bash", completionScripts.bash);
checkedIn("completions/_sessreap", completionScripts.zsh);
checkedIn("completions/sessreap.fish", completionScripts.fish);
