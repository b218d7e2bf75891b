import { getDescription, type GenericSchema } from "valibot";
import { declaredFormats, formatNames } from "../../registries/known.ts";
import { configSchema } from "../config/config-schema.ts";
import { asSentence } from "./command-page.ts";
import { header, heading, item, page, paragraph, subheading, verbatim } from "./roff.ts";

/** What the manual needs to know of a schema, however deep it is wrapped. */
type Shape = {
  readonly type: string;
  readonly wrapped?: Shape;
  readonly item?: Shape;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly options?: readonly string[];
};

const unwrap = (shape: Shape): Shape => (shape.wrapped === undefined ? shape : unwrap(shape.wrapped));

function formatType(shape: Shape): string {
  const { type, item: each, options } = unwrap(shape);
  if (type === "array" && each !== undefined) return `list of ${formatType(each)}s`.replace(/ss$/, "s");
  if (type === "picklist") return (options ?? []).length > 4 ? "word" : (options ?? []).map((word) => `"${word}"`).join(" or ");
  return type === "strict_object" ? "object" : type === "boolean" ? "true or false" : type;
}

function keyItem(name: string, shape: Shape): string {
  const description = getDescription((shape.wrapped ?? shape) as unknown as GenericSchema);
  if (description === undefined) throw new TypeError(`the configuration's key "${name}" says nothing of itself`);
  return item(`\`${name}\` (${formatType(shape)})`, description);
}

/** The keys of an object, and after them those of each object inside it, under a heading of their own. */
function keys(title: string, shape: Shape): readonly string[] {
  const entries = Object.entries(shape.entries ?? {});
  const inner = entries.flatMap(([name, value]) => {
    const bare = unwrap(value);
    const inside = bare.item === undefined ? bare : unwrap(bare.item);
    return inside.entries === undefined ? [] : keys(bare.item === undefined ? `\`${name}\`` : `Each of \`${name}\``, inside);
  });
  return [subheading(title), ...entries.map(([name, value]) => keyItem(name, value)), ...inner];
}

/** sessreap-config(5), from the one schema that also checks a configuration. */
export function configPage(): string {
  const shapeless = { entries: "/agents", pattern: "<pid>.json", fields: {}, about: "session" } as const;
  return page([
    header("sessreap-config", 5),
    heading("Name"),
    "sessreap\\-config \\- the configuration of sessreap",
    heading("Description"),
    paragraph(
      "No configuration is needed: without one, every format is looked for at its well-known place. `~/.config/sessreap/config.json` is read first, then `/etc/sessreap/config.json`; of a key that both have, the first counts. `--config` and `SESSREAP_CONFIG` name one file instead of the two. `sessreap config` shows what is in effect, and where each value came from.",
    ),
    paragraph(
      "It is one JSON object. An unknown key, a wrong type or an unsafe path is an error that names the place, and nothing is touched. A configuration decides what is deleted, so one that another user or a group could write or replace is refused.",
    ),
    heading("Keys"),
    ...keys("The file", configSchema),
    heading("Formats"),
    paragraph(`\`format\` is one of ${formatNames.map((name) => `\`${name}\``).join(", ")}.`),
    ...Object.entries(declaredFormats).map(([name, make]) => item(`\`${name}\``, asSentence(make(shapeless).summary))),
    heading("Examples"),
    verbatim(
      JSON.stringify(
        {
          grace: "10m",
          registries: [
            { format: "llmmsg-bridge", path: "/opt/llmmsg-srv/bridge/registrations.json", appServers: ["ws://127.0.0.1:8788"] },
            { format: "claude-sessions" },
            {
              format: "keyed-json",
              path: "~/.local/state/mybridge/agents.json",
              entries: "/agents",
              fields: { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" },
              about: "session",
            },
          ],
        },
        undefined,
        2,
      ).split("\n"),
    ),
    heading("See also"),
    "sessreap(1), sessreap\\-units(7)",
  ]);
}
