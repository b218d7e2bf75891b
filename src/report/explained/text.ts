import { formatDuration } from "../../core/duration.ts";
import type { RungName } from "../../core/ladder.ts";
import type { Reason } from "../../core/reasons.ts";
import { formatRemembered } from "../remembered.ts";
import { fact } from "../screen/fact.ts";
import { labelCells, labelled } from "../screen/labelled.ts";
import { wrap, type Part } from "../screen/wrap.ts";
import type { Palette } from "../visible.ts";
import { visible } from "../visible.ts";
import { explainNext, type ExplainTimes } from "./next.ts";
import type { Explained, RungAnswer } from "./explained.ts";
import { stemOf } from "../listing/ids.ts";
import { tilde, type View } from "../listing/view.ts";

/** A detail names paths and servers, and all of them matter. */
const longestDetail = 1000;
const nameCells = 10;
const rungCells = 16;
const answerCells = 11;

/** What a person calls the questions; a rung without a word here is called by its name. */
const questions: Partial<Record<RungName, string>> = {
  "attached-process": "process",
  "app-server-thread": "app server",
};

const done: Partial<Record<Explained["entry"]["action"], string>> = {
  pending: ", waits for a second look",
  withheld: ", held back",
};

/** Reasons for which a question could not be looked into at all; other doubts have seen something. */
const unseen: ReadonlySet<Reason> = new Set([
  "age-unknown",
  "app-server-unreachable",
  "endpoint-unanswered",
  "foreign-network",
  "foreign-pid-namespace",
  "homes-unseen",
  "pid-unseen",
  "process-table-blind",
  "tmux-unseen",
]);
const early: ReadonlySet<Reason> = new Set(["within-grace", "within-ttl", "clock-stepped", "app-server-too-young"]);

type Worded = { readonly words: string; readonly role: keyof Palette };

function answerOf({ answer, isGate }: RungAnswer): Worded {
  const { kind } = answer;
  if (kind === "not-applicable") return { words: isGate ? "passed" : "no matter", role: "faint" };
  if (kind !== "unknown") return { words: kind, role: kind === "live" ? "live" : "ghost" };
  const words = unseen.has(answer.reason) ? "not seen" : early.has(answer.reason) ? "not yet" : "in doubt";
  return { words, role: "undecided" };
}

/** Clock ticks say nothing to a person, and what comes next is said by itself; they are for those who ask for everything. */
function inShort(detail: string): string {
  return detail
    .replace(/; judged sooner with .*$/, "")
    .replace(/ since tick \d+/g, ", and was started when the entry says")
    .replace(/: it started at tick \d+, the holder at \d+/g, ": another process has it now")
    .replace(/: it started at tick \d+, after/g, ": it started after")
    .replace(/ started at tick \d+, the entry says \d+, and/g, " was started at another time than the entry says, and");
}

const named = (name: string, text: readonly Part[], view: View): readonly string[] =>
  fact([{ said: name, role: "faint", cells: nameCells }], text, view.screen, view.palette);

function timesOf(
  { entry, title, lastHeartbeatAt, released, nowMs }: Explained & { readonly nowMs: number },
  { moment }: ExplainTimes,
): string {
  const ago = (at: number): string => (at > nowMs ? "in the future" : `${formatDuration(nowMs - at)} ago`);
  const { registeredAt, lastActivityAt, ageMs } = entry;
  const said = [
    ...(registeredAt === null ? [] : [`registered ${moment(registeredAt)} (${ago(registeredAt)})`]),
    ...(lastActivityAt === null || lastActivityAt === registeredAt
      ? []
      : [`last active ${moment(lastActivityAt)} (${ago(lastActivityAt)})`]),
    ...(lastHeartbeatAt === undefined ? [] : [`last heartbeat ${moment(lastHeartbeatAt)} (${ago(lastHeartbeatAt)})`]),
    ...(released === undefined ? [] : [`released ${moment(released.at)} (${released.reason ?? ago(released.at)})`]),
  ];
  if (said.length > 0) return said.join(", ");
  if (ageMs === null) return "not known";
  return title.isFiles
    ? `written ${moment(nowMs - ageMs)} (${formatDuration(ageMs)} ago)`
    : `at least ${formatDuration(ageMs)} old; it states no time`;
}

/** Those of the entry's claims that a person asks for. */
function claimLines(one: Explained & { readonly nowMs: number }, times: ExplainTimes, view: View): readonly string[] {
  const { entry, title, host } = one;
  const { sessionId, identity, pid, cwd, body, registry, key } = entry;
  const path = title.isFiles ? `${registry}/${key}` : registry;
  const because = body === undefined ? undefined : body === "empty" ? "its file is empty" : "its file is torn";
  const session = sessionId ?? (because === undefined ? undefined : `unknown: ${because}`);
  const lines: readonly (readonly [name: string, text: string | undefined])[] = [
    ["in", `${title.title}, ${tilde(path, view.home)}`],
    ["session", session],
    ["name", identity === null || identity === key ? undefined : identity],
    ["place", cwd === null ? undefined : tilde(cwd, view.home)],
    ["time", timesOf(one, times)],
    [
      "process",
      pid === null
        ? undefined
        : `pid ${pid}${because === undefined ? "" : ", by the file's name"}${host === undefined ? "" : ` on ${host}`}`,
    ],
  ];
  return lines.flatMap(([name, text]) => (text === undefined ? [] : named(name, [visible(text, longestDetail)], view)));
}

/** Why the questions after the one that counts were not asked. */
function unaskedOf({ rungs, settledBy, entry }: Explained): string {
  const settled = settledBy === undefined ? undefined : rungs[settledBy - 1];
  if (settledBy === undefined || settled === undefined) return entry.reason === "restored" ? "you have put it back" : "it is kept as it is";
  const { words } = answerOf(settled);
  if (words === "not seen") return `${settledBy} could not look`;
  return words === "in doubt" || words === "not yet"
    ? `${settledBy} leaves it ${words === "in doubt" ? "in doubt" : "for later"}`
    : `${settledBy} has settled it`;
}

function rungLines(one: Explained, view: View): readonly string[] {
  const { rungs } = one;
  const { screen, palette, verbose } = view;
  const shown = (rung: RungAnswer, at: number): readonly string[] => {
    const { words, role } = answerOf(rung);
    const { detail } = rung.answer;
    const called = `${at + 1} ${questions[rung.name] ?? rung.name}`;
    const text = visible(verbose ? detail : inShort(detail), longestDetail);
    const cells = [
      { said: called, cells: rungCells },
      { said: words, role, cells: answerCells },
    ];
    const rule = verbose
      ? fact([{ said: "", cells: rungCells }], [{ role: "faint", text: `${rung.name}: ${rung.rule}` }], screen, palette)
      : [];
    return [...fact(cells, [text], screen, palette), ...rule];
  };
  // Those who ask for everything see what each would have said.
  if (verbose) return rungs.flatMap(shown);
  const asked = rungs.flatMap((rung, at) => (rung.asked ? shown(rung, at) : []));
  const left = rungs.flatMap(({ asked: isAsked }, at) => (isAsked ? [] : [at]));
  const [only] = left;
  if (only === undefined) return asked;
  const called =
    left.length === 1
      ? `${only + 1} ${questions[rungs[only]?.name as RungName] ?? rungs[only]?.name ?? ""}`
      : left.map((at) => at + 1).join(", ");
  const cells = [
    { said: called, cells: rungCells },
    { said: "not asked", role: "faint", cells: answerCells },
  ] as const;
  return [...asked, ...fact(cells, [{ role: "faint", text: unaskedOf(one) }], screen, palette)];
}

/** A sentence within another one. */
function within(words: string): string {
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`.replace(/\.$/, "");
}

/** What else comes next, below the first. */
function below(text: readonly Part[], { screen, palette }: View): readonly string[] {
  const lines = wrap(text, { first: labelCells, hang: labelCells }, screen, palette);
  return lines.map((line, index) => (index === 0 ? `${" ".repeat(labelCells)}${line}` : line));
}

/** One entry: what it claims, each question with its answer, the verdict, and what comes next. */
export function explainText(one: Explained & { readonly nowMs: number }, times: ExplainTimes, view: View): readonly string[] {
  const { entry, title, why, revisions, remembered } = one;
  const { screen, palette, verbose } = view;
  const file = entry.body === undefined ? "" : `, its file is ${entry.body}`;
  const called = visible(title.isFiles ? stemOf(entry.key) : entry.key, longestDetail);
  const verdict: readonly Part[] = [
    { role: "strong", text: called },
    "  ",
    { role: entry.verdict, text: `${entry.verdict}${done[entry.action] ?? ""}` },
    `: ${within(why)}${file}`,
  ];
  const memory = remembered === null || !verbose ? "" : formatRemembered(remembered);
  return [
    ...wrap(verdict, { first: 0, hang: 2 }, screen, palette),
    ...claimLines(one, times, view),
    ...rungLines(one, view),
    ...revisions.flatMap(({ name, rule, detail }) => [
      ...named("then", [`${name}: ${visible(detail, longestDetail)}`], view),
      ...(verbose ? named("", [{ role: "faint", text: rule }], view) : []),
    ]),
    ...(memory === "" ? [] : named("memory", [memory], view)),
    ...(verbose || one.rungs.length === 0 ? named("reason", [`${entry.reason}: ${visible(entry.detail, longestDetail)}`], view) : []),
    ...explainNext(one, times).flatMap((text, index) => (index === 0 ? labelled("next", text, screen, palette) : below(text, view))),
  ];
}
