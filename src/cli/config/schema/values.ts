import * as v from "valibot";
import { isServerAddress } from "../../../core/app-servers.ts";
import { parseDuration } from "../../../core/duration.ts";
import { keyItself, valueItself } from "../../../registries/fields.ts";
import { placesOf, textPlaces } from "../../../registries/text-pattern.ts";

export const controls = /[\p{Cc}]/u;

export const duration = v.pipe(
  v.string(),
  v.check((text) => parseDuration(text) !== undefined, 'not a duration such as "90s", "10m", "2h" or "7d"'),
);

export const path = v.pipe(
  v.string(),
  v.check((text) => /^(?:\/|~\/|~$)/.test(text), 'not an absolute path, nor one that starts with "~/"'),
  v.check((text) => !controls.test(text) && !text.split("/").includes(".."), 'an unsafe path: it holds ".." or a control character'),
);

export const words = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty("an empty word"))), v.nonEmpty("an empty list"));

/** A word that was meant for a place, and is none, would reach the command as it stands. */
const isStranger = (word: string): boolean => /^\{[A-Za-z_]+\}$/.test(word) && !/^\{(?:key|sessionId)\}$/.test(word);

export const releaseCommand = v.pipe(
  words,
  v.check(([program]) => !/^\{\w+\}$/.test(program ?? ""), "not a command: an entry's value would be the program"),
  v.check((command) => !command.some(isStranger), 'not a command: its places can be "{key}" and "{sessionId}"'),
  v.check(
    (command) => command.every((word) => /^\{(?:key|sessionId)\}$/.test(word) || !/\{(?:key|sessionId)\}/.test(word)),
    'not a command: "{key}" and "{sessionId}" stand for whole arguments',
  ),
);

export const server = v.pipe(
  v.string(),
  v.check(isServerAddress, 'not a loopback address such as "ws://127.0.0.1:8788", nor "unix://" with an absolute path'),
);

export const program = v.pipe(
  v.string(),
  v.nonEmpty("an empty name"),
  v.check((name) => !controls.test(name) && !/^\*+$/.test(name), "not a program's name: it holds a control character, or is any name"),
);

/** One part of a path: each part of a holder's paths is held against it. */
export const holder = v.pipe(
  v.string(),
  v.nonEmpty("an empty name"),
  v.check(
    (name) => !controls.test(name) && !/[/*]/.test(name),
    "not a program's name: it holds a slash, an asterisk or a control character",
  ),
);

export const goneHost = v.pipe(
  v.string(),
  v.nonEmpty("an empty name"),
  v.check((name) => !controls.test(name), "not a host's name: it holds a control character"),
);

export const member = v.pipe(v.string(), v.nonEmpty("an empty name"));

/** It is written, so it must be a member of the entry itself. */
export const ownMember = v.pipe(
  member,
  v.check((name) => !name.startsWith("/"), "not a member's name: a JSON pointer cannot be written to"),
  v.check((name) => name !== keyItself && name !== valueItself, "not a member's name: it cannot be written to"),
);

/** Says in one sentence what a key is for; the manual and the published schema show it. */
export const described = <S extends v.GenericSchema>(description: string, schema: S) =>
  v.exactOptional(v.pipe(schema, v.description(description)) as unknown as S);

export const pattern = v.pipe(
  v.string(),
  v.check((text) => isPattern(text), 'not a pattern of file names below the directory, such as "<pid>.json" or "*/broker.json"'),
);

/** A word in angle brackets that is no place would be taken for a literal, and fit nothing. */
export const textPattern = v.pipe(
  v.string(),
  v.nonEmpty("an empty pattern"),
  v.check((text) => !controls.test(text.replaceAll(/[\n\t]/g, "")), "not a pattern of a text: it holds a control character"),
  v.check(
    (text) => (text.match(/<[A-Za-z]+>/g) ?? []).length === placesOf(text).length,
    `not a pattern of a text: its places can be ${textPlaces.map((name) => `<${name}>`).join(", ")}`,
  ),
  v.check((text) => new Set(placesOf(text)).size === placesOf(text).length, "not a pattern of a text: it has one place twice"),
  v.check((text) => !/>\*?<|\*\*/.test(text), "not a pattern of a text: two places, or two asterisks, have no text between them"),
);

function isPattern(text: string): boolean {
  const parts = text.split("/");
  return (
    !controls.test(text) &&
    parts.length <= 8 &&
    parts.every((part) => part !== "" && part !== "." && part !== "..") &&
    parts.at(-1) !== "**"
  );
}

