import { defaultPolicy, secondLookMs, type Policy } from "../../src/core/policy.ts";
import type { Host } from "../../src/host/host.ts";
import { examine } from "../../src/sweep/examine.ts";
import { sceneOf } from "../../src/sweep/judge/scenes.ts";
import { startLooking } from "../../src/sweep/pass.ts";
import { plainSweep } from "../sweep-options.ts";
import { controlAnswer, isAgentOfControl, type ControlEvidence } from "./control-ladder.ts";
import { tooSoonSilent } from "./laws.ts";
import { codexHome, hostNamespace, portOf, type Machine, type Session } from "./machine.ts";
import { agentsPath, bridgePath, claudesPath, isDirectory, markersPath } from "./registries.ts";
import type { Blindness } from "./simulated-host.ts";
import { shownIn } from "./simulated-probe.ts";
import type { Story } from "./story.ts";

const presences: Readonly<Record<string, ControlEvidence["presence"]>> = {
  [agentsPath]: "process",
  [markersPath]: "process",
  [claudesPath]: "process",
};

type Look = { readonly namespace: string; readonly blindness: ReadonlySet<Blindness> };

function writerLockIn(machine: Machine, id: string, { namespace, blindness }: Look): ControlEvidence["writerLock"] {
  if (blindness.has("locks")) return "unseen";
  const path = `${codexHome}/thread-writer-locks/${id}.lock`;
  return shownIn(machine, namespace).some(({ process: { open } }) => open.includes(path)) ? "held" : "free";
}

function endpointOf({ endpoints }: Machine, session: Session, { namespace, blindness }: Look): ControlEvidence["endpoint"] {
  const mode = session.kind === "editor" ? endpoints.get(portOf(session)) : undefined;
  if (blindness.has("endpoints") || mode === "hangs") return "unanswered";
  return mode === "accepts" && namespace === hostNamespace ? "accepted" : "refused";
}

/** An entry's own spelling of what tells its process from others. */
function tokensIn(text: string): Pick<ControlEvidence, "startToken" | "bootId"> {
  try {
    const said = JSON.parse(text) as { readonly start?: unknown; readonly procStart?: unknown; readonly boot?: string };
    return { startToken: said.start ?? said.procStart, bootId: said.boot };
  } catch {
    return { startToken: undefined, bootId: undefined };
  }
}

function evidenceFor({ machine }: Story, session: Session, text: string, look: Look): ControlEvidence {
  const { registry, id } = session;
  const shown = shownIn(machine, look.namespace);
  return {
    presence: presences[registry] ?? "either",
    ...tokensIn(text),
    leaderState: (pid) => shown.find((one) => one.pid === pid)?.process.leaderState,
    writerLock: registry === bridgePath ? writerLockIn(machine, id, look) : undefined,
    endpoint: endpointOf(machine, session, look),
    innermost: (pid) =>
      shown
        .filter(({ process }) => look.namespace === hostNamespace && process.innerPid === pid)
        .map((one) => ({
          pid: one.pid,
          startTicks: one.process.startTicks,
          ownTime: true,
          agent: isAgentOfControl(one.process.argv),
        })),
  };
}

/**
 * The rules of 0.1.0 beside ours: at each sweep of a history they judge the same scenes, and what they would reap is held
 * against the same laws. They take nothing away, so what they keep for ever is seen where ours is held back, too.
 */
export class Control {
  /** The first entry that they would have reaped although its session runs, or is young. */
  broken: { readonly reason: string; readonly registry: string; readonly why: string } | undefined;
  /** What they would have taken at some time, by registry and key. */
  readonly condemned = new Set<string>();
  private absent: ReadonlyMap<string, { readonly boot: number; readonly sinceMs: number; readonly said: string }> = new Map();

  async look(story: Story, host: Host, look: Look, policy: Policy): Promise<void> {
    const { machine } = story;
    const pass = startLooking(host, { ...plainSweep, targets: story.targets, policy });
    const { registries } = await examine(pass, { lookAnyway: true });
    const absent = new Map<string, { readonly boot: number; readonly sinceMs: number; readonly said: string }>();
    for (const view of registries) {
      const { path } = view.loaded.target;
      for (const entry of view.loaded.entries) {
        const session = story.whose(path, entry.key);
        if (!entry.claim.ok || session === undefined || entry.duplicate) continue;
        const name = `${path} ${entry.key}`;
        const said = story.entries(path).get(entry.key) ?? "";
        const answer = controlAnswer(sceneOf(pass, view, entry, entry.claim), evidenceFor(story, session, said, look));
        if (answer.kind !== "dead") continue;
        const before = this.absent.get(name);
        const sinceMs = before?.boot === machine.boot && (isDirectory(path) || before.said === said) ? before.sinceMs : machine.awakeMs;
        absent.set(name, { boot: machine.boot, sinceMs, said });
        const isProven = answer.certain && !entry.claim.torn;
        const isActedOn = isProven || policy.now || machine.awakeMs - sinceMs >= secondLookMs;
        if (!isActedOn || (path === bridgePath && story.isBridgeUp())) continue;
        this.condemned.add(name);
        const isSilence = answer.reason === "ttl-expired" && machine.isIn("wrong-clocks");
        const why = story.protectedBy(session, defaultPolicy.graceMs) ?? (isSilence ? tooSoonSilent(machine, session) : undefined);
        if (why !== undefined) this.broken ??= { reason: answer.reason, registry: path, why };
      }
    }
    this.absent = absent;
  }
}
