// Writes the JSON schema of the configuration from the one declaration that also checks it; `--check` fails when the
// checked-in file differs.
import { readFileSync, writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import { build } from "esbuild";

const target = new URL("../schema/config.schema.json", import.meta.url);
const bundled = await build({ entryPoints: ["src/cli/config-schema.ts"], bundle: true, platform: "node", format: "esm", write: false });
const { configSchema } = await import(`data:text/javascript,${encodeURIComponent(bundled.outputFiles[0].text)}`);
const schema = { title: "sessreap configuration", ...toJsonSchema(configSchema, { ignoreActions: ["check"] }) };
const text = `${JSON.stringify(schema, null, 2)}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    process.stderr.write("schema/config.schema.json is out of date: run node scripts/schema.mjs\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
