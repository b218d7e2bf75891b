import { sweepOf } from "../../core/tombstone.ts";
import { readHistory } from "../../host/state/history.ts";
import { readTombstones } from "../../host/state/tombstones.ts";
import { builtInFormats, formatNames } from "../../registries/known.ts";
import type { Entry } from "../../sweep/load/loaded.ts";
import { stateDirectory, type Env } from "../config/paths.ts";
import { users } from "../../host/files/homes.ts";
import { fileNames } from "./file-names.ts";
import { processes } from "./processes.ts";
import { registered } from "./registered.ts";
import type { Candidate, Wanted } from "./wanted.ts";

type CompletionContext = { readonly env: Env; readonly version: string };
type Source = (wanted: Wanted, context: CompletionContext) => readonly Candidate[] | Promise<readonly Candidate[]>;

const words = (...all: readonly string[]): readonly Candidate[] => all.map((word) => ({ word, meaning: "" }));

const fromEntries =
  (word: (entry: Entry) => string | undefined): Source =>
  (wanted, { env, version }) =>
    registered(wanted, env, version, word);

const claimed = (field: "sessionId" | "identity" | "host"): Source =>
  fromEntries(({ claim }) => (claim.ok ? claim.registration[field] : undefined));

const keys = fromEntries(({ key }) => key);
const tombstones: Source = (_, { env }) => readTombstones(stateDirectory(env)).map(({ key, format }) => ({ word: key, meaning: format }));

/** Sweeps that wrote tombstones: what was restored or ended in one cannot be put back. */
const sweeps: Source = (_, { env }) =>
  readHistory(stateDirectory(env))
    .filter(({ sweepId, entries }) => entries.some(({ tombstone }) => tombstone !== undefined && sweepOf(tombstone) === sweepId))
    .map(({ sweepId, at }) => ({ word: sweepId, meaning: at }));

const registries: Source = ({ current }) => {
  const format = formatNames.find((name) => current.startsWith(`${name}:`));
  if (format !== undefined) {
    return fileNames(current.slice(format.length + 1)).map(({ word, meaning }) => ({ word: `${format}:${word}`, meaning }));
  }
  return [...builtInFormats.map(({ name, summary }) => ({ word: name, meaning: summary })), ...fileNames(current)];
};

const pids: Source = ({ command }, { env, version }) => processes(command.name === "owners" ? "agents" : "all", env, version);

/** What stands for the placeholders of the declarations. One that is not here completes to nothing. */
const sources: Readonly<Record<string, Source>> = {
  key: keys,
  keys: (wanted, context) => (wanted.command.name === "restore" ? tombstones : keys)(wanted, context),
  id: (wanted, context) => (wanted.command.name === "restore" ? sweeps : claimed("sessionId"))(wanted, context),
  identity: claimed("identity"),
  name: claimed("host"),
  pid: pids,
  user: () => users().map(({ name, home }) => ({ word: name, meaning: home })),
  "[format:]path": registries,
  suggest: () => words("suggest"),
  file: ({ current }) => fileNames(current),
  path: ({ current }) => fileNames(current),
  url: () => words("ws://127.0.0.1:8788", "unix://"),
  when: () => words("auto", "always", "never"),
  duration: () => words("90s", "10m", "2h", "7d"),
};

/** Every way in which the word at the cursor can go on. */
export async function candidatesFor(wanted: Wanted, context: CompletionContext): Promise<readonly Candidate[]> {
  const offered = wanted.kind === "words" ? wanted.candidates : [];
  const { placeholder } = wanted;
  if (placeholder === undefined) return offered;
  // Of several words one can stand for what is looked up, as in `older|pid`.
  const isChoice = placeholder.includes("|");
  const found = placeholder.split("|").map(async (word) => sources[word]?.(wanted, context) ?? (isChoice ? words(word) : []));
  return [...offered, ...(await Promise.all(found)).flat()];
}
