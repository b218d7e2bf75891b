import { formatMessage } from "../../core/answer.ts";
import { ageOf } from "../../core/age.ts";
import { decide, ladder, trace, type RungName } from "../../core/ladder.ts";
import { reasonSentence } from "../../core/reasons.ts";
import { silence } from "../../core/rungs/ttl.ts";
import { nothingClaimed, type Registration } from "../../core/registration.ts";
import type { Scene } from "../../core/scene.ts";
import { ownHome } from "../../host/files/homes.ts";
import { readTombstones } from "../../host/state/tombstones.ts";
import type { Explained, RungAnswer } from "../../report/explained/explained.ts";
import { explainText } from "../../report/explained/text.ts";
import { stemOf } from "../../report/listing/ids.ts";
import { namesOfTombstone, resolveId } from "../../report/listing/resolve.ts";
import { lineWith } from "../../report/listing/typed.ts";
import type { View } from "../../report/listing/view.ts";
import { rememberedReport } from "../../report/remembered.ts";
import { visible } from "../../report/visible.ts";
import { startLooking } from "../../sweep/pass.ts";
import { examine, type Examination } from "../../sweep/examine.ts";
import { notedOf, type ExaminedRegistry, type ExaminedEntry } from "../../sweep/judge/examined.ts";
import { sceneOf } from "../../sweep/judge/scenes.ts";
import { namesOf } from "../../sweep/key-match.ts";
import { withNamedRows } from "../../sweep/load/target.ts";
import { keysOf } from "../../sweep/load/loaded.ts";
import { plannedReport, titleOf } from "../../sweep/reporting/reports.ts";
import { isTimerEnabled } from "../../systemd/status/quick-check.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { clockTimes } from "../person/times.ts";
import { prepareToLook, readState } from "../prepare.ts";
import { screenFor } from "../screen.ts";
import type { JudgingOptions } from "../config/settings.ts";
import { didYouMean } from "../suggest.ts";

type Found = { readonly examined: ExaminedRegistry; readonly one: ExaminedEntry; readonly scene: Scene | undefined };

function find(examination: Examination, key: string): readonly Found[] {
  const all = examination.registries.flatMap((examined) => [...examined.entries].map((one) => ({ examined, one })));
  const meant = resolveId(key, all, ({ examined, one }) => namesOf(one.entry, examined.loaded.target.format.name));
  return meant.map(({ examined, one }) => {
    const { claim } = one.entry;
    return { examined, one, scene: claim.ok ? sceneOf(examination.pass, examined, one.entry, claim) : undefined };
  });
}

/** Every rung's answer, in the order of the ladder, and which of them were needed. */
function rungsOf({ scene, one }: Found): Pick<Explained, "rungs" | "settledBy"> {
  if (scene === undefined) return { rungs: [], settledBy: undefined };
  const asked = new Set<RungName>();
  const isLeftAlone = scene.memory.restored || one.judgement.rung === undefined;
  const decision = isLeftAlone
    ? undefined
    : decide(ladder, (rung) => {
        asked.add(rung.name);
        return rung.ask(scene);
      });
  const rungs = trace(scene).map(({ rung: { name, rule, role }, answer }): RungAnswer => {
    return { name, rule, answer: { ...answer, detail: formatMessage(answer.detail) }, isGate: role === "gate", asked: asked.has(name) };
  });
  return { rungs, settledBy: decision === undefined ? undefined : rungs.findIndex(({ name }) => name === decision.rung.name) + 1 };
}

/** When an entry that is too young will be judged, and when a silent one will be a ghost; by the wall clock, if nothing sleeps. */
function momentsOf({ scene, one }: Found, wallMs: number | undefined): Pick<Explained, "judgedFrom" | "ghostFrom"> {
  const { rung, verdict } = one.judgement;
  const none = { judgedFrom: undefined, ghostFrom: undefined };
  if (scene === undefined || wallMs === undefined || verdict !== "undecided") return none;
  if (rung === "grace") {
    const age = ageOf(scene);
    return age.known ? { ...none, judgedFrom: wallMs + Math.max(0, scene.policy.graceMs - age.ms) } : none;
  }
  const leftMs = rung === "ttl" ? scene.policy.ttlMs - silence(scene).ms : -1;
  return leftMs < 0 ? none : { ...none, ghostFrom: wallMs + leftMs };
}

function releasedIn(claim: Registration | undefined): Explained["released"] {
  const { releasedAt, releaseReason } = claim ?? nothingClaimed;
  return releasedAt === undefined || Number.isNaN(releasedAt) ? undefined : { at: releasedAt, reason: releaseReason };
}

/** What a person is told of one entry. `isAlone` where no other is called by the same word. */
function explainedOf(examination: Examination, found: Found, isAlone: boolean, env: NodeJS.ProcessEnv): Explained {
  const { examined, one, scene } = found;
  const { loaded, owner, reportOnly, facts } = examined;
  const { target } = loaded;
  const { here, clock } = examination.evidence;
  const title = titleOf(target);
  const claim = one.entry.claim.ok ? one.entry.claim.registration : undefined;
  const host = claim?.host;
  const { key } = one.entry;
  return {
    entry: plannedReport(examined, one),
    title,
    why: reasonSentence(one.judgement.reason, examination.pass.policy),
    name: isAlone ? (title.isFiles ? stemOf(key) : key) : `${target.format.name}:${key}`,
    host: host === undefined || here.hostname === host ? undefined : host,
    isOnServer: target.server !== undefined,
    lastHeartbeatAt: claim?.lastHeartbeatAt,
    released: releasedIn(claim),
    ...rungsOf(found),
    revisions: one.revisions.map(({ revision: { name, rule }, revised }) => ({ name, rule, detail: formatMessage(revised.detail) })),
    remembered: scene === undefined ? null : rememberedReport(scene.memory, scene.registry),
    ...momentsOf(found, clock.wallMs.seen ? clock.wallMs.value : undefined),
    protectedUntil: examination.pass.memory.restored.get(target.path)?.get(key)?.untilMs,
    owner: {
      up: owner.up,
      pids: owner.pids,
      ...(target.owner?.argv !== undefined && { argv: target.owner.argv }),
      ...(target.owner?.unit !== undefined && { unit: target.owner.unit }),
    },
    reportOnly,
    isThread: facts.about === "thread" && claim?.sessionId !== undefined,
    triedServers: target.appServers.flatMap(({ url, configured }) => (configured ? [] : [url])),
    isTimerOn: isTimerEnabled(env),
  };
}

/** The same for a machine. */
function entryDocument({ one, scene }: Found, { entry, rungs, revisions, remembered }: Explained) {
  return {
    ...entry,
    claim: one.entry.claim.ok ? one.entry.claim.registration : undefined,
    hostLock: notedOf(one).hostLock ?? null,
    remembered,
    rungs: scene === undefined ? [] : rungs.map(({ name, rule, answer }) => ({ name, rule, answer })),
    revisions,
  };
}

/** What became of an entry that is no longer read: sweeps keep what they took out or released. */
function gone(key: string, stateDir: string): string {
  const all = readState(stateDir, readTombstones);
  const last = resolveId(key, all, namesOfTombstone).at(-1);
  if (last === undefined) return "";
  const did = last.kept.layout === "rows" && last.kept.written !== undefined ? "released" : "took out";
  const [day, time] = [clockTimes.day(Date.parse(last.at)), clockTimes.time(Date.parse(last.at))];
  return `; a sweep ${did} "${visible(last.key)}" on ${day} at ${time}: ${visible(last.detail, 1000)} (${lineWith("restore", last.key)} undoes it)`;
}

export const runExplain: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { words, options, env, stdout } = invocation;
  const key = words[0] ?? "";
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const { host, settings, examine: prepared } = await prepareToLook(invocation);
  const wanted = withNamedRows(prepared, key, "any-name");
  const examination = await examine(startLooking(host, wanted), { lookAnyway: true }, "all");
  const found = find(examination, key);
  if (found.length === 0) {
    const keys = examination.registries.flatMap(({ loaded }) => keysOf(loaded.entries));
    const unread = examination.unread
      .filter(({ state, target }) => state !== "missing" || target.named)
      .map(({ target, problem }) => `\n${target.path} ${problem}`);
    throw new Failure(
      "not-found",
      `no registration is called "${key}"${gone(key, settings.stateDir.value) || didYouMean(key, keys)}${unread.join("")}`,
    );
  }
  const explained = found.map((one) => ({ one, said: explainedOf(examination, one, found.length === 1, env) }));
  if (options.json === true) {
    const entries = explained.map(({ one, said }) => entryDocument(one, said));
    await writeDocument(stdout, { command: "explain", entries, refusal: examination.refusal ?? null, exitCode: 0 });
    return 0;
  }
  const view: View = { screen: await screenFor(stdout, env), palette, home: ownHome(), verbose: options.verbose === true };
  const nowMs = Date.now();
  for (const [index, { said }] of explained.entries())
    await writeLines(stdout, [...(index === 0 ? [] : [""]), ...explainText({ ...said, nowMs }, clockTimes, view)]);
  if (examination.refusal !== undefined)
    await writeLines(invocation.stderr, [`sessreap: warning: a sweep would refuse: ${visible(examination.refusal)}`]);
  return 0;
};
