// Writes all that is made from the declarations and checked in: the configuration's JSON schema, the manual, the shells'
// completions. `--check` fails when a checked-in file differs.
import { toJsonSchema } from "@valibot/to-json-schema";
import { checkedIn } from "./checked-in.mjs";
import { importSource } from "./source.mjs";

const { configSchema } = await importSource("src/cli/config/config-schema.ts");
const { manualPages } = await importSource("src/cli/manual/pages.ts");
const { completionScripts } = await importSource("src/cli/completion/scripts.ts");

const schema = { title: "sessreap configuration", ...toJsonSchema(configSchema, { ignoreActions: ["check"] }) };
checkedIn("schema/config.schema.json", `${JSON.stringify(schema, null, 2)}\n`);

for (const [name, { section, render }] of Object.entries(manualPages)) checkedIn(`man/${name}.${section}`, render());

// Each shell looks for completions under a name of its own.
checkedIn("completions/sessreap.bash", completionScripts.bash);
checkedIn("completions/_sessreap", completionScripts.zsh);
checkedIn("completions/sessreap.fish", completionScripts.fish);
