import { getDescription, type GenericSchema } from "valibot";
import { declaredFormats, formatNames } from "../../registries/known.ts";
import { configSchema } from "../config/schema/config-schema.ts";
import { asSentence } from "../parsing/help.ts";
import { header, heading, item, page, paragraph, subheading, verbatim } from "./roff.ts";

/** What the manual needs to know of a schema, however deep it is wrapped. */
type Shape = {
  readonly type: string;
  readonly wrapped?: Shape;
  readonly item?: Shape;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly options?: readonly (string | Shape)[];
};

const unwrap = (shape: Shape): Shape => (shape.wrapped === undefined ? shape : unwrap(shape.wrapped));

function formatType(shape: Shape): string {
  const { type, item: each, options } = unwrap(shape);
  if (type === "array" && each !== undefined) return `list of ${formatType(each)}s`.replace(/ss$/, "s");
  const words = (options ?? []).filter((one) => typeof one === "string");
  if (type === "union") return (options ?? []).flatMap((one) => (typeof one === "string" ? [] : formatType(one))).join(" or ");
  if (type === "picklist") return words.length > 4 ? "word" : words.map((word) => `"${word}"`).join(" or ");
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

const suggestedExample: readonly string[] = [
  "$ sessreap config suggest ~/.crew/roster.json",
  ...JSON.stringify(
    {
      format: "keyed-json",
      path: "/home/dev/.crew/roster.json",
      entries: "/agents",
      fields: { pid: "pid", sessionId: "session_id", registeredAt: "started_at" },
      about: "session",
      onGhost: "report",
      comment: "unsure: registeredAt",
    },
    undefined,
    2,
  ).split("\n"),
];

/** By what an entry of a declared registry is seen to be alive. */
const signs: readonly (readonly [tag: string, text: string])[] = [
  [
    "`pid`",
    "A process with this pid, on this machine and in a namespace that can be told. With `startTicks` it must be the very one; without, one that may be another (`pid-unproven`) is a doubt, and keeps.",
  ],
  [
    "`sessionId`, `identity`",
    "A running agent that was started with the id, or that holds a file open whose path has it. Another program that carries it is a doubt.",
  ],
  [
    "`appServers`",
    "The thread of `sessionId` is loaded in a Codex app server. It is gone only when every configured server answered and none has it.",
  ],
  [
    "`lastHeartbeatAt`",
    "A heartbeat younger than ten minutes, than `grace` and than three times the longest gap between two keeps the entry against every death that is not proven.",
  ],
  ["`tmuxSession`, `tmuxPane`", "The session or pane is there, asked of the `tmuxSocket` or of every server of the registry's owner."],
  ["`holders`", "A live `pid` under one of these names is the entry's own process; under another name it is a doubt."],
  ["a lock", "A process holds a lock on the entry's own file, in a directory of files."],
  [
    "`registeredAt`, `lastActivityAt`",
    "No sign of life, but the newest of all times is the age: younger than `grace` it is not judged, and what nothing else can tell of is kept until it is older than `ttl`.",
  ],
  ["`keepWhen`", "A member with this value keeps the entry whatever else is seen."],
];

/** sessreap-config(5), from the one schema that also checks a configuration. */
export function configPage(): string {
  const shapeless = { entries: "/agents", pattern: "<pid>.json", fields: {}, about: "session" } as const;
  return page([
    header("sessreap-config", 5),
    heading("Name"),
    "sessreap\\-config \\- the configuration of sessreap",
    heading("Description"),
    paragraph(
      "No configuration is needed: without one, every format is looked for at its well-known place. `~/.config/sessreap/config.json` is read first, then `/etc/sessreap/config.json`; of a key that both have, the first counts. Each `*.json` in a directory `registries.d` beside one of them holds one registry, or a list of them, such as a package of its writer lays down. `--config` and `SESSREAP_CONFIG` name one file instead of all these. `sessreap config` shows what is in effect, where each value came from, and how far the registries fit their files.",
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
    heading("A registry of your own"),
    paragraph(
      "Say that a bridge keeps its agents in `~/.crew/roster.json`, of which sessreap knows nothing. `sessreap config suggest` looks at the file, or at a directory with one file an agent, and prints a declaration for it. It declares nothing by itself and writes nothing:",
    ),
    verbatim(suggestedExample),
    paragraph(
      "Beside it, on stderr, stands why each member was taken for what it is. `pid` is sure, because such a process runs now; `unsure` marks what nothing outside of the file bears out, and `comment` repeats it. Read both: correct a member that means something else, take out what is wrong. Do it while an agent runs, for then more can be told.",
    ),
    paragraph(
      "Paste it into `registries` of `~/.config/sessreap/config.json`, then ask whether it fits the file: `sessreap config` says of each field in how many entries its member is, which names there are where it is in none, and whether the registry's `owner` is up:",
    ),
    verbatim([
      "~/.crew/roster.json (keyed-json)",
      "  3 entries",
      '  pid "pid" in 3 of 3',
      '  sessionId "session_id" in 3 of 3',
      '  registeredAt "started" in 0 of 3: they have "session_id", "pid", "started_at"; did you mean "started_at"?',
    ]),
    paragraph(
      "Of three fields, `sessionId`, `pid` and `identity`, one that no entry has while another member looks like it keeps the registry from being swept. If a daemon rewrites the file while it is up, name it as the `owner`, or its next write may bring back what was taken out.",
    ),
    paragraph(
      "`sessreap list` shows the verdict of each entry. Where those that run are live and those that ended are ghosts, take out the line with `onGhost`, see with `sessreap --dry-run` what would be reaped, and let `sessreap` do it; `sessreap restore` puts it back.",
    ),
    heading("Signs of life"),
    paragraph(
      "What keeps an entry of a declared registry, by what its `fields` name. The more of them a registry has, the sooner and the surer its ghosts go; one that has none of them is judged by the TTL alone.",
    ),
    ...signs.map(([tag, text]) => item(tag, text)),
    paragraph(
      "A sign that could not be looked at is a doubt, and keeps the entry, too: `sessreap explain` says which rung could not see. `about` says whether an entry is a record of its `process` or of a `session`, which another process can carry on.",
    ),
    heading("See also"),
    "sessreap(1), sessreap\\-units(7)",
  ]);
}
