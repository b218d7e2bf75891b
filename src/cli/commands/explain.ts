import { intents } from "../../core/plan/actions.ts";
import { formatMessage } from "../../core/answer.ts";
import type { Answer } from "../../core/answer.ts";
import { trace } from "../../core/ladder.ts";
import { formatRemembered, rememberedReport } from "../../report/remembered.ts";
import { resolveId } from "../../report/listing/resolve.ts";
import { visible } from "../../report/visible.ts";
import { startLooking } from "../../sweep/pass.ts";
import { examine, type Examination } from "../../sweep/examine.ts";
import { notedOf, type ExaminedRegistry, type ExaminedEntry } from "../../sweep/judge/examined.ts";
import { sceneOf } from "../../sweep/judge/scenes.ts";
import { namesOf } from "../../sweep/key-match.ts";
import { keysOf } from "../../sweep/load/loaded.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { prepareToLook } from "../prepare.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { didYouMean } from "../suggest.ts";

const said = { live: "live", unknown: "could not look", dead: "dead", "not-applicable": "does not apply" } as const satisfies Record<
  Answer["kind"],
  string
>;

function explainEntry(examination: Examination, examined: ExaminedRegistry, { entry, judgement, intent, revisions }: ExaminedEntry) {
  const { loaded } = examined;
  const understood = entry.claim;
  const scene = understood.ok ? sceneOf(examination.pass, examined, entry, understood) : undefined;
  const rungs =
    scene === undefined
      ? []
      : trace(scene).map(({ rung, answer }) => ({
          name: rung.name,
          rule: rung.rule,
          answer: { ...answer, detail: formatMessage(answer.detail) },
        }));
  const claim = entry.claim.ok ? entry.claim.registration : undefined;
  const { verdict, reason, detail } = judgement;
  const { phantomOf, hostLock } = notedOf({ revisions });
  return {
    registry: loaded.target.path,
    format: loaded.target.format.name,
    key: entry.key,
    claim,
    verdict,
    rung: judgement.rung ?? null,
    reason,
    detail: formatMessage(detail),
    phantomOf: phantomOf ?? null,
    action: intents[intent].planned,
    hostLock: hostLock ?? null,
    remembered: scene === undefined ? null : rememberedReport(scene.memory, scene.registry),
    rungs,
    revisions: revisions.map(({ revision: { name, rule }, revised }) => ({ name, rule, detail: formatMessage(revised.detail) })),
  };
}

function find(examination: Examination, key: string): readonly ReturnType<typeof explainEntry>[] {
  const all = examination.registries.flatMap((examined) => [...examined.entries].map((one) => ({ examined, one })));
  const meant = resolveId(key, all, ({ examined, one }) => namesOf(one.entry, examined.loaded.target.format.name));
  return meant.map(({ examined, one }) => explainEntry(examination, examined, one));
}

export const runExplain: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { words, options, stdout } = invocation;
  const key = words[0] ?? "";
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, examine: wanted } = await prepareToLook(invocation);
  const examination = await examine(startLooking(host, wanted), { lookAnyway: true }, "all");
  const found = find(examination, key);
  if (found.length === 0) {
    const keys = examination.registries.flatMap(({ loaded }) => keysOf(loaded.entries));
    const unread = examination.unread
      .filter(({ state, target }) => state !== "missing" || target.named)
      .map(({ target, problem }) => `\n${target.path} ${problem}`);
    throw new Failure("not-found", `no registration is called "${key}"${didYouMean(key, keys)}${unread.join("")}`);
  }
  if (options.json === true) {
    await writeDocument(stdout, { command: "explain", entries: found, refusal: examination.refusal ?? null, exitCode: 0 });
    return 0;
  }
  for (const entry of found) {
    const style = palette[entry.verdict];
    const lines = [`${palette.strong(visible(entry.key))} in ${visible(entry.registry)} (${entry.format})`];
    for (const { name, rule, answer } of entry.rungs) {
      const reason = answer.kind === "not-applicable" ? "" : ` (${answer.reason})`;
      lines.push(
        `  ${name.padEnd(18)} ${said[answer.kind]}${reason}${answer.detail === "" ? "" : `: ${visible(answer.detail, 1000)}`}`,
        `  ${"".padEnd(18)} ${palette.faint(rule)}`,
      );
    }
    const remembered = entry.remembered === null ? "" : formatRemembered(entry.remembered);
    if (remembered !== "") lines.push(`  ${"remembered".padEnd(18)} ${remembered}`);
    for (const { name, rule, detail } of entry.revisions)
      lines.push(`  ${name.padEnd(18)} ${visible(detail, 1000)}`, `  ${"".padEnd(18)} ${palette.faint(rule)}`);
    lines.push(`  ${"verdict".padEnd(18)} ${style(entry.verdict)}, ${entry.reason}: ${visible(entry.detail)}`, "");
    await writeLines(stdout, lines);
  }
  if (examination.refusal !== undefined)
    await writeLines(invocation.stderr, [`sessreap: warning: a sweep would refuse: ${visible(examination.refusal)}`]);
  return 0;
};
