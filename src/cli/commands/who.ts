import { formatMessage } from "../../core/answer.ts";
import { formatDuration } from "../../core/duration.ts";
import { flappingOf } from "../../core/revisions/flapping.ts";
import type { Registration } from "../../core/registration.ts";
import { compareRoutes, whyBefore } from "../../core/agents/routing.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { withNamedRows } from "../../sweep/load/target.ts";
import { startLooking } from "../../sweep/pass.ts";
import { examine } from "../../sweep/examine.ts";
import type { ExaminedEntry } from "../../sweep/judge/examined.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeWarnings } from "../messages.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { prepareToLook } from "../prepare.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { didYouMean } from "../suggest.ts";

type Candidate = { readonly registry: string; readonly claim: Registration; readonly judged: ExaminedEntry };

/** A row that was released gets no signals while another stands. */
const isReleased = ({ claim }: Candidate): boolean => claim.releasedAt !== undefined;

const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());

function formatAgo(at: number | undefined, nowMs: number | undefined): string {
  if (at === undefined) return "never";
  return nowMs === undefined || at > nowMs ? new Date(at).toISOString() : `${formatDuration(nowMs - at)} ago`;
}

export const runWho: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { words, options, stdout, stderr } = invocation;
  const name = words[0] ?? "";
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, examine: prepared } = await prepareToLook(invocation);
  const wanted = withNamedRows(prepared, name, "identity");
  const examination = await examine(startLooking(host, wanted), { lookAnyway: true });
  const all = examination.registries.flatMap(({ loaded, entries }) =>
    [...entries].flatMap((judged): readonly Candidate[] => {
      const { claim } = judged.entry;
      return claim.ok ? [{ registry: loaded.target.path, claim: claim.registration, judged }] : [];
    }),
  );
  const mine = all
    .filter(({ claim }) => (claim.identity ?? claim.key) === name)
    .toSorted((a, b) => Number(isReleased(a)) - Number(isReleased(b)) || compareRoutes(a.claim, b.claim));
  if (mine.length === 0) {
    const names = all.map(({ claim }) => claim.identity ?? claim.key);
    throw new Failure("not-found", `nobody is registered as "${name}"${didYouMean(name, names)}`);
  }
  const unreleased = mine.filter((one) => !isReleased(one));
  const flapping = flappingOf(mine.map(({ claim }) => claim));
  const { wallMs } = host.clock();
  const nowMs = wallMs.seen ? wallMs.value : undefined;
  const routes = mine.map(({ registry, claim, judged: { judgement } }, index) => ({
    registry,
    key: claim.key,
    sessionId: claim.sessionId ?? null,
    master: claim.master,
    lastActivityAt: isoOrNull(claim.lastActivityAt),
    lastHeartbeatAt: isoOrNull(claim.lastHeartbeatAt),
    releasedAt: isoOrNull(Number.isNaN(claim.releasedAt) ? undefined : claim.releasedAt),
    before: claim.releasedAt === undefined ? whyBefore(claim, unreleased[index + 1]?.claim) : "it was released",
    verdict: judgement.verdict,
    reason: judgement.reason,
    detail: formatMessage(judgement.detail),
  }));
  if (options.json === true) {
    await writeDocument(stdout, { command: "who", identity: name, routes, flapping: flapping ?? null, exitCode: exitCodes.done });
  } else {
    const lines = mine.map(({ registry, claim, judged: { judgement } }, index) => {
      const said = `last verb ${formatAgo(claim.lastActivityAt, nowMs)}, last heartbeat ${formatAgo(claim.lastHeartbeatAt, nowMs)}`;
      const style = palette[judgement.verdict];
      const session = palette.strong(visible(claim.sessionId ?? claim.key));
      const before = routes[index]?.before ?? "";
      return `${session}  ${before}  ${palette.faint(said)}  ${style(`${judgement.verdict}, ${judgement.reason}: ${visible(formatMessage(judgement.detail))}`)}  ${visible(claim.key)}  ${visible(registry)}`;
    });
    await writeLines(stdout, lines);
  }
  const warnings: string[] = [];
  if (flapping !== undefined)
    warnings.push(`${visible(name)} is flapping: ${flapping.ids} session ids in ${formatDuration(flapping.spanMs)}`);
  const alternative = routes.find(({ verdict }) => verdict !== "ghost");
  if (routes[0]?.verdict === "ghost") {
    const better =
      alternative === undefined
        ? "nobody else is registered"
        : `${visible(alternative.sessionId ?? alternative.key)} is the first that is none`;
    warnings.push(`the first of them is a ghost; ${better}`);
  }
  await writeWarnings(stderr, warnings);
  return exitCodes.done;
};
