import { formatMessage } from "../../core/answer.ts";
import { formatDuration } from "../../core/duration.ts";
import { flappingOf } from "../../core/revisions/flapping.ts";
import type { Registration } from "../../core/registration.ts";
import { compareRoutes, whyBefore } from "../../core/agents/routing.ts";
import { ownHome } from "../../host/files/homes.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { whoText, type Route } from "../../report/explained/who.ts";
import type { View } from "../../report/listing/view.ts";
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
import { screenFor } from "../screen.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { didYouMean } from "../suggest.ts";

type Candidate = { readonly registry: string; readonly claim: Registration; readonly judged: ExaminedEntry };

/** A row that was released gets no signals while another stands. */
const isReleased = ({ claim }: Candidate): boolean => claim.releasedAt !== undefined;

const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());

/** Why the first of them is the first. */
function placeOfFirst(claim: Registration, next: Registration | undefined): string {
  if (claim.releasedAt !== undefined) return "released";
  return next === undefined ? (claim.master ? "master" : "the only one") : whyBefore(claim, next);
}

/** Why another one comes after the one before it. */
function placeBehind(before: Candidate, { claim }: Candidate): string {
  if (claim.releasedAt !== undefined) return "released";
  const { master, lastActivityAt, lastHeartbeatAt } = before.claim;
  if (master !== claim.master) return "not the master";
  if (lastActivityAt !== claim.lastActivityAt) return claim.lastActivityAt === undefined ? "never spoke" : "older verb";
  return lastHeartbeatAt === claim.lastHeartbeatAt ? "registered behind it" : "older heartbeat";
}

export const runWho: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { words, options, env, stdout, stderr } = invocation;
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
    const shown = mine.map(({ claim, judged: { judgement } }, index): Route => {
      const [before, after] = [mine[index - 1], unreleased[index + 1]];
      const { verdict, reason } = judgement;
      const { lastActivityAt, lastHeartbeatAt } = claim;
      const why = before === undefined ? placeOfFirst(claim, after?.claim) : placeBehind(before, mine[index] as Candidate);
      return { session: claim.sessionId ?? claim.key, lastActivityAt, lastHeartbeatAt, verdict, reason, why };
    });
    const view: View = { screen: await screenFor(stdout, env), palette, home: ownHome(), verbose: false };
    await writeLines(stdout, whoText(name, shown, nowMs ?? Date.now(), view));
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
