import { actionMeanings } from "./actions.ts";
import { examples } from "../declarations/examples.ts";
import { defaultPolicy } from "../../core/policy.ts";
import { actionNames } from "../../core/plan/actions.ts";
import { reasons, reasonSentence, reasonShort } from "../../core/reasons.ts";
import { ladder } from "../../core/ladder.ts";
import { revisions } from "../../core/revisions/revisions.ts";
import { builtInFormats } from "../../registries/known.ts";
import type { Format } from "../../registries/format.ts";
import { exitCodes } from "../../report/exit-code.ts";
import type { CommandDeclaration } from "../declarations/command.ts";
import { commands } from "../declarations/commands.ts";
import { longFlag, type OptionDeclaration } from "../declarations/options.ts";
import { asSentence } from "../parsing/help.ts";
import { foreignVariables, ownVariables } from "./environment.ts";
import { header, heading, item, page, paragraph, prose, subheading, verbatim } from "./roff.ts";

const declared: readonly CommandDeclaration[] = commands;
export const shownCommands = declared.filter(({ hidden }) => hidden !== true);

/** `-n, --dry-run` and `--grace <duration>` as a manual sets them. */
export function formatFlags(flags: string): string {
  return flags.replaceAll(/--?[a-z][a-z-]*/gi, "`$&`");
}

function formatOption({ flags, help, many }: OptionDeclaration): string {
  const again = many === true ? " May be given several times." : "";
  return item(formatFlags(flags), `${asSentence(help)}${again}`);
}

export function synopsis({ name, arguments: operands, options }: CommandDeclaration): string {
  const said = options.length === 0 ? "" : " [<options>]";
  const words = operands === undefined ? "" : ` ${operands.replaceAll(/\[(\S+)\]/g, "[<$1>]").replaceAll("--", "`--`")}`;
  return `.br\n${prose(`\`sessreap ${name}\`${said}${words}`)}`;
}

/** Options that most commands share are said once, at the end. */
function sharedOptions(): readonly OptionDeclaration[] {
  const uses = new Map<OptionDeclaration, number>();
  for (const option of shownCommands.flatMap(({ options }) => options)) uses.set(option, (uses.get(option) ?? 0) + 1);
  return [...uses].filter(([, count]) => count > 1).map(([option]) => option);
}

function formatCommand(command: CommandDeclaration, shared: readonly OptionDeclaration[]): readonly string[] {
  const own = command.options.filter((option) => !shared.includes(option));
  const common = command.options.filter((option) => shared.includes(option)).map(({ flags }) => `\`${longFlag(flags)}\``);
  return [
    subheading(command.name),
    synopsis(command).replace(".br\n", ".PP\n"),
    paragraph(asSentence(command.summary)),
    ...own.map(formatOption),
    ...(common.length === 0 ? [] : [paragraph(`Options: ${common.join(", ")}.`)]),
    ...(command.exits.length === 0 ? [] : [paragraph(`Exit status: ${command.exits.map((exit) => exit.replace(/ +/, " ")).join("; ")}.`)]),
  ];
}

const exitMeanings = {
  done: "Done, and nothing failed; nothing to do and dry runs included.",
  fault: "A fault in sessreap, no registry could be read at all, or what was named does not exist.",
  usage: "A mistake in the command line or in a configuration. Nothing was touched.",
  partial: "Swept, but a registry could not be read or an entry could not be reaped.",
  refused: "Refused: the sweep doubts its own eyes. Nothing was touched.",
  found: "Only with `--exit-code`: what was looked for was found.",
  busy: "Another sweep of the same state directory is running.",
  interrupted: "Stopped by SIGINT, after the entry in hand was finished.",
  terminated: "Stopped by SIGTERM, after the entry in hand was finished.",
} as const satisfies Record<keyof typeof exitCodes, string>;

function places(format: Format): string {
  const found = format.wellKnown({ home: "~", cwd: ".", uid: 0, env: {}, sha256: () => "", furtherHomes: () => [] });
  return found.length === 0 ? "" : ` Looked for at ${found.map((path) => `\`${path}\``).join(", ")}.`;
}

/** sessreap(1), all of it from what the commands, the ladder and the formats say of themselves. */
export function commandPage(): string {
  const shared = sharedOptions();
  return page([
    header("sessreap", 1),
    heading("Name"),
    "sessreap \\- purge the registrations of coding\\-agent sessions that have ended",
    heading("Synopsis"),
    ...shownCommands.map(synopsis).map((line, index) => (index === 0 ? line.replace(".br\n", "").replace(" sweep", " [sweep]") : line)),
    heading("Description"),
    paragraph(
      "Coding agents and the bridges between them write down which sessions run, and nobody removes the entry when a session dies. `sessreap` asks these questions of every such registration, in this order, and reaps those that are provably dead.",
    ),
    ...ladder.map(({ name, rule }) => item(`\`${name}\``, rule)),
    paragraph("Then a verdict may be revised:"),
    ...revisions.map(({ name, rule }) => item(`\`${name}\``, rule)),
    paragraph(
      "What cannot be seen condemns nobody: an entry of which a look failed is kept, and that is said. Only the bytes of the reaped entry leave a file, after a tombstone of it is on the disk. While the daemon that owns a file is up, nothing is written to it.",
    ),
    heading("The second look"),
    paragraph(
      "Some deaths are proven: the process that an entry records is gone, or its pid is another's now. Others are concluded from absence: no app server has the thread, nobody listens at the port, an entry was silent for the whole TTL, or its file is torn and tells nothing. An absence can be a moment's, so such a ghost is `pending` at first. It is reaped by a sweep that comes four minutes later or more, in time that the machine was awake, if it was a ghost in every look since. A sign of life in between, a write to the entry, or a reboot begins anew.",
    ),
    paragraph(
      "A timer's sweeps every five minutes are both looks. By hand it takes two: `sessreap`, and `sessreap` four minutes after it. `sessreap reap` <key> `--now` takes an operator's word in place of the second look for one entry, `--now` of a sweep for all of them; what was put back is then no longer left alone either.",
    ),
    heading("Actions"),
    paragraph("What a sweep did with an entry, or would do: the word of the JSON output, and that of a table."),
    ...actionNames.map((action) => item(`\`${action}\``, actionMeanings[action])),
    heading("Commands"),
    ...shownCommands.flatMap((command) => formatCommand(command, shared)),
    heading("Options"),
    ...shared.map(formatOption),
    item("`--help`", "Say what a command takes."),
    item("`--version`", "Say the version."),
    paragraph("Durations are written `90s`, `10m`, `2h`, `7d`."),
    heading("Formats"),
    paragraph(
      "A registry is named as <format>:<path>, as <format> alone for its well-known place, or as a path, which is taken for an `llmmsg-bridge`; `./` forces a path.",
    ),
    ...builtInFormats.map((format) => item(`\`${format.name}\``, `${asSentence(format.summary)}${places(format)}`)),
    paragraph("Others are described in a configuration; see sessreap-config(5)."),
    heading("Reasons"),
    paragraph(
      "Every entry is reported with the reason for which it is kept or condemned: the word of the JSON output, the few words of a table, and a sentence. The durations are the defaults.",
    ),
    ...reasons.map((reason) => item(`\`${reason}\` (${reasonShort(reason)})`, reasonSentence(reason, defaultPolicy))),
    heading("Exit status"),
    ...Object.entries(exitMeanings).map(([name, meaning]) => item(`\`${exitCodes[name as keyof typeof exitCodes]}\``, meaning)),
    heading("JSON output"),
    paragraph(
      "With `--json` a command prints one document, `watch` one a line. When it fails, the document has `error` with a `code` and a `message`. `exitCode` is that of the process. `output.schema.json`, in `schema/` of the npm package and in `/usr/share/sessreap` of the Debian package, describes every document. New members and new words keep the number in `schema`; any other change raises it.",
    ),
    heading("Environment"),
    paragraph("A flag is stronger than a variable, a variable stronger than a configuration."),
    ...[...ownVariables, ...foreignVariables].map(([name, what]) => item(`\`${name}\``, what)),
    heading("Files"),
    item("`~/.config/sessreap/config.json`, `/etc/sessreap/config.json`", "The configuration, the stronger first. None is needed."),
    item("`~/.local/state/sessreap`", "Tombstones, the history, and what one sweep remembers for the next."),
    heading("Examples"),
    ...shownCommands
      .flatMap(({ name }) => examples[name as keyof typeof examples])
      .flatMap(([line, what]) => [paragraph(asSentence(what)), verbatim([line])]),
    heading("See also"),
    "sessreap\\-config(5), sessreap\\-units(7)",
  ]);
}
