import { basename, dirname } from "node:path";
import type { Observed } from "../../core/evidence.ts";
import { tokensOf } from "../../core/agents/argv.ts";
import { isRunning, type ProcessRow } from "../../core/agents/process-tree.ts";
import type { FoundFiles } from "../../host/files/entries/found-files.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { mostSamples } from "../../registries/suggest/members.ts";
import type { Specimen, SpecimenFile, SpecimenLink, Suggestion, Surroundings } from "../../registries/suggest/specimen.ts";
import { suggest } from "../../registries/suggest/suggest.ts";
import { visible } from "../../report/visible.ts";
import type { RegistryConfig } from "../config/schema/registry-schema.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { sizeFrom } from "../config/size.ts";
import { belowHome, wholePath, userConfigPath } from "../config/paths.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { Failure } from "../failure.ts";
import { write, writeDocument, writeLines } from "../output.ts";
import { prepareToLook } from "../prepare.ts";

/** A larger file, in bytes, is read only where `--max-size` says so. */
const usualLimit = 16 * 1024 * 1024;

/** So many files of a directory are read: more of them say nothing new. The names of all of them are looked at. */
const mostFiles = 4 * mostSamples;

const valueOf = <T>(observed: Observed<T>): T | undefined => (observed.seen ? observed.value : undefined);

const fail = (path: string, problem: string): Failure => new Failure("not-found", `${path}: ${problem}`);

function readFiles(host: LookingHost, root: string, keys: readonly string[]): readonly SpecimenFile[] {
  return keys.map((key, index): SpecimenFile => {
    const looked = index < mostFiles ? host.stateOfEntry(root, key) : undefined;
    const state = looked?.seen === true ? looked.value : undefined;
    // It says nothing; and in /proc, where files show no size, to read can be to take.
    if (state?.size === 0) return { key, text: "", writtenMs: state.mtimeMs, problem: undefined };
    const read = state === undefined ? undefined : host.readEntryFile(root, key);
    if (read?.kind === "read") return { key, text: read.bytes.toString("utf8"), writtenMs: read.state.mtimeMs, problem: undefined };
    return {
      key,
      text: undefined,
      writtenMs: undefined,
      problem: looked?.seen === false ? looked.why : read?.kind === "unreadable" ? read.problem : undefined,
    };
  });
}

const keysIn = (files: FoundFiles): readonly string[] => Array.from({ length: files.length }, (_, index) => files.at(index)?.key ?? "");

/** The symbolic links of a directory, and where they lead. */
function linksAt(host: LookingHost, path: string): readonly SpecimenLink[] {
  const listing = host.listDirectory(path, ["*"], "link");
  if (listing.kind !== "listed") return [];
  return keysIn(listing.files)
    .slice(0, mostFiles)
    .flatMap((key) => {
      const link = host.readEntryLink(listing.realPath, key);
      return link.kind === "read" ? [{ key, target: link.bytes.toString("utf8") }] : [];
    });
}

/** A directory's files, or those one directory deeper where it has none. */
function directoryAt(host: LookingHost, path: string): Specimen {
  const links = linksAt(host, path);
  for (const pattern of links.length > 0 ? ["*"] : ["*", "*/*"]) {
    const listing = host.listDirectory(path, [pattern]);
    if (listing.kind !== "listed") throw fail(path, listing.kind === "missing" ? "is not there" : `${listing.problem}; ${listing.cure}`);
    const { files, realPath, problems } = listing;
    const keys = keysIn(files);
    if (keys.length > 0) return { kind: "directory", path, files: readFiles(host, realPath, keys), links, others: problems.length };
  }
  return { kind: "directory", path, files: [], links, others: 0 };
}

/** What is at a path. What is neither a directory nor a regular file is not opened. */
function specimenAt(host: LookingHost, path: string, maxSize: number): Specimen {
  const read = host.readRegistryFile(path, maxSize);
  if (read.kind === "missing") throw fail(path, "is not there");
  if (read.kind === "unreadable") {
    if (read.problem === "is a directory") return directoryAt(host, path);
    const link = host.readEntryLink(dirname(path), basename(path));
    if (link.kind === "read") return { kind: "link", path, target: link.bytes.toString("utf8") };
    throw fail(path, `${read.problem}; ${read.cure}`);
  }
  const { bytes, stat } = read.file;
  return { kind: "file", path, text: bytes.toString("utf8"), writtenMs: Number(stat.mtimeMs) };
}

/** What runs here now, and what this machine is called. */
function surroundings(host: LookingHost): Surroundings {
  const { wallMs, bootMs } = host.clock();
  const { hostname, bootId, machineId } = host.here();
  const tree = valueOf(host.lookAtTree());
  const { pid: own, ancestors } = host.self();
  const rows = [...(tree?.tree.values() ?? [])].filter((row) => isRunning(row));
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const nowMs = valueOf(wallMs);
  const startedMs = (row: ProcessRow): number | undefined => {
    const { ageMs } = host.detailsOf(row, valueOf(bootMs));
    return ageMs === undefined || nowMs === undefined ? undefined : nowMs - ageMs;
  };
  // The path that is looked at may carry an id, and stands in the arguments of this command.
  const others = rows.filter(({ pid }) => pid !== own && !ancestors.has(pid));
  const carriers = new Map(others.flatMap(({ pid, argv }) => tokensOf(argv).map((token) => [token, pid] as const)));
  return {
    nowMs,
    hostname,
    bootId: valueOf(bootId),
    machineId: machineId === undefined ? undefined : valueOf(machineId),
    running: (pid) => {
      const row = byPid.get(pid);
      return row === undefined ? undefined : { startTicks: row.startTicks, startedMs: startedMs(row), argv: row.argv };
    },
    carrierOf: (text) => carriers.get(text),
  };
}

/** JSON to be pasted. Of a name from the file nothing acts on a terminal: what is not printable is escaped. */
function escapedJson(declaration: Suggestion["declaration"]): string {
  const text = JSON.stringify(declaration, undefined, 2);
  return text.replaceAll(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
}

function findingLine({ field, member, why, sure }: Suggestion["findings"][number]): string {
  return `${sure ? "      " : "unsure"}  ${field.padEnd(15)} "${member}": ${why}`;
}

/** What stands beside the declaration, a line each. */
function remarks({ findings, notes }: Pick<Suggestion, "findings" | "notes">, config: string): readonly string[] {
  return [
    ...findings.map(findingLine),
    ...notes.map((note) => `note    ${note}`),
    `next    read it, and put it into ${config} as { "registries": [ ... ] }; then: sessreap config, sessreap list`,
    '        "onGhost": "report" reaps nothing; take it out when list is right',
  ];
}

/** `sessreap config suggest PATH`: a declaration for what no configuration describes. It declares nothing, and writes nothing. */
export async function runConfigSuggest(invocation: Invocation<JudgingOptions & OutputOptions>, word: string): Promise<number> {
  const { options, stdout, stderr } = invocation;
  const path = wholePath(word);
  if (/\p{Cc}/u.test(path)) throw fail(visible(path), "has a control character in its name, which no configuration takes");
  const { host, examine } = await prepareToLook(invocation);
  const known = examine.targets
    .filter((target) => target.path === path)
    .map(({ format }) => `sessreap looks at it already, as ${format.name}`);
  const maxSize = options.maxSize === undefined ? usualLimit : sizeFrom(options.maxSize, "--max-size");
  const suggested = suggest(specimenAt(host, path, maxSize), surroundings(host));
  if (!suggested.ok) throw fail(path, suggested.problem);
  const { declaration, findings } = suggested.suggestion;
  const notes = [...known, ...suggested.suggestion.notes];
  if (options.json === true) {
    const document = { command: "config suggest", path, declaration: declaration as RegistryConfig, findings, notes, exitCode: 0 } as const;
    await writeDocument(stdout, { ...document, findings: [...findings], notes });
    return 0;
  }
  await write(stdout, `${escapedJson(declaration)}\n`);
  await writeLines(
    stderr,
    remarks({ findings, notes }, belowHome(userConfigPath(invocation.env))).map((line) => visible(line, 1000)),
  );
  return 0;
}
