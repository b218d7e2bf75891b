import * as v from "valibot";
import { isServerAddress } from "../core/app-servers.ts";
import { parseDuration } from "../core/duration.ts";
import { formatNames } from "../registries/known.ts";

export { safeParse } from "valibot";

const controls = /[\p{Cc}]/u;

const duration = v.pipe(
  v.string(),
  v.check((text) => parseDuration(text) !== undefined, 'not a duration such as "90s", "10m", "2h" or "7d"'),
  v.metadata({ description: "A duration: 90s, 10m, 2h, 7d; 0 is allowed." }),
);

const path = v.pipe(
  v.string(),
  v.check((text) => /^(?:\/|~\/|~$)/.test(text), 'not an absolute path, nor one that starts with "~/"'),
  v.check((text) => !controls.test(text) && !text.split("/").includes(".."), 'an unsafe path: it holds ".." or a control character'),
  v.metadata({ description: "An absolute path; ~/ is the home directory." }),
);

const words = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty("an empty word"))), v.nonEmpty("an empty list"));

const releaseCommand = v.pipe(
  words,
  v.check(
    (command) => command.every((word) => /^\{(?:key|sessionId)\}$/.test(word) || !/\{(?:key|sessionId)\}/.test(word)),
    'not a command: "{key}" and "{sessionId}" stand for whole arguments',
  ),
  v.metadata({ description: "The owner's command that releases one entry; {key} and {sessionId} stand for whole arguments." }),
);

const server = v.pipe(
  v.string(),
  v.check(isServerAddress, 'not a loopback address such as "ws://127.0.0.1:8788", nor "unix://" with an absolute path'),
);

const member = v.pipe(v.string(), v.nonEmpty("an empty name"));

const pattern = v.pipe(
  v.string(),
  v.check((text) => isPattern(text), 'not a pattern of file names below the directory, such as "<pid>.json" or "*/broker.json"'),
  v.metadata({ description: "Literals, *, ** for directories, <pid>, <port>, <sessionId>; below the registry's directory." }),
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

const fields = v.strictObject({
  sessionId: v.exactOptional(member),
  identity: v.exactOptional(member),
  pid: v.exactOptional(member),
  startTicks: v.exactOptional(member),
  bootId: v.exactOptional(member),
  host: v.exactOptional(member),
  registeredAt: v.exactOptional(member),
  lastActivityAt: v.exactOptional(member),
  lastHeartbeatAt: v.exactOptional(member),
  master: v.exactOptional(member),
  cwd: v.exactOptional(member),
});

const registry = v.strictObject({
  format: v.pipe(v.picklist(formatNames), v.metadata({ description: "The registry's format." })),
  path: v.exactOptional(path),
  appServers: v.exactOptional(v.array(server)),
  owner: v.exactOptional(
    v.strictObject({
      argv: v.exactOptional(words),
      unit: v.exactOptional(v.pipe(v.string(), v.regex(/^[\w:.@\\-]+$/, "not a unit's name"))),
      lock: v.exactOptional(path),
      socket: v.exactOptional(path),
    }),
  ),
  release: v.exactOptional(releaseCommand),
  entries: v.exactOptional(v.pipe(v.string(), v.regex(/^(?:\/.*)?$/, 'not a JSON pointer such as "/agents"'))),
  pattern: v.exactOptional(pattern),
  fields: v.exactOptional(fields),
  presence: v.exactOptional(v.picklist(["process", "thread", "either"])),
});

/** Everything that a configuration can say; the published JSON schema is made from this. */
export const configSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  grace: v.exactOptional(duration),
  ttl: v.exactOptional(duration),
  pidNamespace: v.exactOptional(v.picklist(["own"])),
  codexHomes: v.exactOptional(v.array(path)),
  healRenamedHost: v.exactOptional(v.boolean()),
  metricsFile: v.exactOptional(path),
  registries: v.exactOptional(v.array(registry)),
});

export type Config = v.InferOutput<typeof configSchema>;
export type RegistryConfig = v.InferOutput<typeof registry>;
