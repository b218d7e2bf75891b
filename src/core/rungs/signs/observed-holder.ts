import { agentsShowingNone, isElsewhere, isPane, stateOf, type ObservedHolder } from "../../agents/observed-holders.ts";
import type { AppServerProcess } from "../../agents/agent-process.ts";
import { argvNamesServer } from "../../app-servers.ts";
import { matchesName } from "../../agents/programs.ts";
import { isRuledOut } from "../../policy.ts";
import { deadByAbsence, noSign, notApplicable, unknown } from "../../answer.ts";
import { sawItClose } from "../../plan/ending.ts";
import type { Scene } from "../../scene.ts";
import { wholeTable } from "../whole-table.ts";
import type { Sign } from "./sign.ts";

const called = ({ program, pid }: Pick<ObservedHolder, "program" | "pid">): string => `${program} (pid ${pid})`;

/** Whether other processes of a program would be found: it is called so in the lists by which this sweep tells programs. */
function isKnownProgram(program: string, { policy: { programs }, registry }: Scene): boolean {
  const named = [...programs.declared, ...(registry.holderNames ?? [])];
  return programs.agents.get(program) === program || named.some((pattern) => matchesName(program, pattern));
}

/** The processes that serve an address on which this run saw the thread close. One that names no address is known where it is the only server. */
function serversThatClosed(scene: Scene, servers: readonly AppServerProcess[]): readonly AppServerProcess[] {
  const closedOn = scene.registry.appServers.filter(({ url, configured }) => configured && sawItClose(scene, url));
  const named = servers.filter(({ argv }) => closedOn.some(({ url }) => argvNamesServer(argv, url)));
  if (named.length > 0 || closedOn.length === 0 || servers.length > 1) return named;
  return servers.filter(({ argv }) => !argv.some((word) => word.includes("://")));
}

/**
 * The processes that were seen to show the session of an entry which records no pid. They count as recorded holders: when
 * all of them are gone, and nothing shows, it is dead by absence. What never showed says nothing by showing nothing.
 */
export const observedHolder: Sign = {
  name: "observed-holder",
  shows: "session",
  ask: (scene) => {
    const { claim, registry, evidence, memory, policy } = scene;
    const { holders } = memory;
    if (holders.length === 0 || claim.pid !== undefined || registry.about === "thread") return noSign;
    const table = wholeTable(scene);
    if (!table.seen) return unknown("process-table-blind", table.why);
    const { here } = evidence;
    if (!here.bootId.seen) return unknown("pid-unseen", `whether what showed it ran in this boot is not known: ${here.bootId.why}`);
    const elsewhere = holders.find((holder) => isElsewhere(holder, here));
    const isOnlooker = ({ program }: ObservedHolder): boolean => policy.programs.onlookers.some((one) => matchesName(program, one));
    // An app server shows its threads by the locks on them. Of one that it closed before this run's eyes its own word counts.
    const closing = serversThatClosed(scene, table.value.appServers);
    const isServer = ({ pid, startTicks }: ObservedHolder): boolean =>
      closing.some((server) => server.pid === pid && server.startTicks === startTicks);
    const states = holders
      .filter((holder) => !isElsewhere(holder, here))
      .map((holder) => ({ holder, state: stateOf(holder, table.value, here) }))
      .filter(({ holder, state }) => state === "gone" || !(isOnlooker(holder) || isServer(holder)));
    const unseen = states.find(({ state }) => state === "unseen");
    if (unseen !== undefined) return unknown("pid-unseen", `${called(unseen.holder)} showed it, and could not be looked at now`);
    const there = states.find(({ holder, state }) => state === "there" && !isRuledOut(policy, holder));
    if (there !== undefined) return unknown("mentioned", `${called(there.holder)} showed it before, and is alive`);
    if (elsewhere !== undefined) return notApplicable(`${called(elsewhere)} of ${elsewhere.host} showed it, and pids there are not ours`);
    if (states.length === 0) return notApplicable("only programs that run no session showed it");
    const agents = holders.filter((holder) => !isPane(holder));
    if (agents.length === 0) return notApplicable(`what ran in ${holders.map(called).join(", ")} is gone`);
    const stranger = agents.find(({ program }) => !isKnownProgram(program, scene));
    if (stranger !== undefined)
      return notApplicable(
        `${called(stranger)} showed it before, and no list knows that program any more, so that others of it cannot be told`,
      );
    const like = agentsShowingNone(scene, table.value).find(
      (one) => !isRuledOut(policy, one) && agents.some((holder) => holder.program === one.agent && holder.uid === one.uid),
    );
    const word = states.some(({ state }) => state === "there") ? ", or does not run it, as an operator says" : "";
    const gone = `${holders.map(called).join(", ")} showed it before, and ${holders.length === 1 ? "is" : "are all"} gone${word}`;
    if (like === undefined) return deadByAbsence("holder-gone", gone);
    return notApplicable(`${gone}, but ${like.agent} (pid ${like.pid}) shows no session, and may run it`);
  },
};
