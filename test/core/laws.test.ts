import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  deadByAbsence,
  live,
  notApplicable,
  provenDead,
  formatMessage,
  noSign,
  stronger,
  unknown,
  type Answer,
} from "../../src/core/answer.ts";
import type { Reason } from "../../src/core/reasons.ts";
import { knownPrograms, type ProgramLists } from "../../src/core/agents/programs.ts";
import { seen, untimed } from "../../src/core/evidence.ts";
import { decide, judge, ladder, trace, type Judgement } from "../../src/core/ladder.ts";
import { since } from "../../src/core/clocks/since.ts";
import { emptyMemory, type Memory } from "../../src/core/memory/memory.ts";
import { recall } from "../../src/core/memory/recall.ts";
import { sightWorth } from "../../src/core/identity/first-sight.ts";
import type { Rung } from "../../src/core/rungs/rung.ts";
import { asksForSession } from "../../src/core/rungs/claim.ts";
import { attachedProcess } from "../../src/core/rungs/attached-process.ts";
import type { Scene } from "../../src/core/scene.ts";
import { blind, day, hour, thisBoot } from "./scene.ts";
import { anyScene, blindings, domainOnly, pid, runs, seenUnder, signsOfLife } from "./worlds.ts";

const many = runs(2000);

/** An agent that shows no session is known by its name alone, so without that name nothing tells it from any other process. */
const isKeptByIdleAgent = ({ reason, detail }: Judgement): boolean =>
  reason === "within-ttl" && formatMessage(detail).includes("shows no session, so it may run");

/** A fact that proves death, or an absence that is only one. */
const deaths: Partial<Record<Reason, boolean>> = {
  "pid-gone": true,
  "pid-reused": true,
  "pid-zombie": true,
  "previous-boot": true,
  "host-gone": false,
  "ttl-expired": false,
  "holder-gone": false,
  "endpoint-closed": false,
  "tmux-gone": false,
  "thread-not-loaded": false,
  "app-server-down": false,
};

const said = ({ verdict, rung, reason, detail }: Judgement): string => `${verdict} by ${rung}: ${reason} (${formatMessage(detail)})`;

describe("knowing less never condemns", () => {
  test.each(blindings)("$name", ({ change }) => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const before = judge(scene);
        if (before.verdict === "ghost") return;
        const after = judge(change(scene));
        expect(after.verdict, `${said(before)} became ${said(after)}`).not.toBe("ghost");
      }),
      many,
    );
  });

  test("whatever else is hidden with it", () => {
    fc.assert(
      fc.property(anyScene, fc.subarray([...blindings]), (scene, hidden) => {
        const before = judge(scene);
        if (before.verdict === "ghost") return;
        const after = judge(hidden.reduce((darker, { change }) => change(darker), scene));
        expect(after.verdict, `${said(before)} became ${said(after)}`).not.toBe("ghost");
      }),
      many,
    );
  });
});

describe("a list of names that holds less never condemns", () => {
  const empty = {
    agents: new Map(),
    packages: new Map(),
    declared: [],
    launchers: new Map(),
    readers: new Set<string>(),
    manyInOne: new Set<string>(),
    carriers: new Set<string>(),
    onlookers: [],
  } as const satisfies ProgramLists;
  const lists = Object.keys(empty) as readonly (keyof ProgramLists)[];

  type Lists = { readonly what: string; readonly less: Partial<ProgramLists>; readonly holders: "known" | "unknown" };

  // A registry's holders are mostly agents, too: what is taken out of a list may stand there, or be taken out there, too.
  const oneEmpty = lists.flatMap((list) => {
    return (["known", "unknown"] as const).map((holders): Lists => ({ what: list, less: { [list]: empty[list] }, holders }));
  });

  test.each([
    ...oneEmpty,
    { what: "names of holders", less: {}, holders: "unknown" },
    { what: "any name at all", less: empty, holders: "unknown" },
  ] satisfies readonly Lists[])("without $what, and a registry's holders $holders", ({ less, holders }) => {
    const change = seenUnder(
      (programs) => ({ ...programs, ...less }),
      (names) => (holders === "known" ? names : []),
    );
    fc.assert(
      fc.property(anyScene, (scene) => {
        const before = judge(scene);
        if (before.verdict === "ghost" || isKeptByIdleAgent(before)) return;
        const after = judge(change(scene));
        expect(after.verdict, `${said(before)} became ${said(after)}`).not.toBe("ghost");
      }),
      many,
    );
  });

  const namedLists = ["agents", "packages", "launchers", "readers", "manyInOne", "carriers"] as const;
  const names = [...new Set(namedLists.flatMap((list) => [...knownPrograms[list].keys()]))];
  /** The names that stand in the scenes come up more often than all others. */
  const anyName = fc.oneof(fc.constantFrom("codex", "claude", "grep", "tail", "sh", "node"), fc.constantFrom(...names));

  function withoutName(programs: ProgramLists, name: string): ProgramLists {
    const left = namedLists.map((list) => {
      const all = programs[list];
      if (all instanceof Set) return [list, new Set([...all].filter((one) => one !== name))] as const;
      return [list, new Map([...all.entries()].filter(([one]) => one !== name) as [string, never][])] as const;
    });
    return { ...programs, ...Object.fromEntries(left) };
  }

  test("without any one name, whichever it is", () => {
    fc.assert(
      fc.property(anyScene, anyName, fc.boolean(), (scene, name, isHolderKnown) => {
        const before = judge(scene);
        if (before.verdict === "ghost" || isKeptByIdleAgent(before)) return;
        const change = seenUnder(
          (programs) => withoutName(programs, name),
          (all) => (isHolderKnown ? all : all.filter((one) => one !== name)),
        );
        const after = judge(change(scene));
        expect(after.verdict, `${said(before)} became ${said(after)} without ${name}`).not.toBe("ghost");
      }),
      runs(10_000),
    );
  });
});

describe("a sign of life never condemns", () => {
  test.each(signsOfLife)("$name", ({ change }) => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const before = judge(scene);
        if (before.verdict === "ghost") return;
        const after = judge(change(scene));
        expect(after.verdict, `${said(before)} became ${said(after)}`).not.toBe("ghost");
      }),
      many,
    );
  });
});

test("an operator's word on a process takes no life away, and makes no death of what could not be looked at", () => {
  const overridden = new Set<Reason>(["mentioned", "pid-unproven", "start-token-unproven", "registered-alive", "within-ttl"]);
  const processes = [
    { pid, startTicks: "700" },
    { pid: 500, startTicks: "600" },
    { pid: 603, startTicks: "600" },
    { pid: 614, startTicks: "600" },
  ];
  // A row whose process an operator rules out goes beside one of its registry that is proven to run the session.
  const isBesideProven = ({ registry, evidence: { registered } }: Scene): boolean =>
    registered.seen && [...registered.value.bySession.values()].flat().some((one) => one.isProven && one.registry === registry.id);
  fc.assert(
    fc.property(anyScene, fc.constantFrom(...processes), (scene, despite) => {
      const before = judge(scene);
      const after = judge({ ...scene, policy: { ...scene.policy, despite } });
      const isSame = after.verdict === before.verdict;
      // After a step of the clock the last rung says so where it would have said that nothing else can tell.
      const isUntold = before.reason === "clock-stepped" && before.rung === "ttl";
      const isOverridden = before.verdict === "undecided" && (overridden.has(before.reason) || isUntold);
      const isReplaced = after.reason === "pid-reused" && despite.pid === scene.claim.pid && isBesideProven(scene);
      expect(isSame || isOverridden || isReplaced, `${said(before)} became ${said(after)}`).toBe(true);
    }),
    many,
  );
});

test("every ghost names a death, and is certain only of one that is proven", () => {
  let ghosts = 0;
  fc.assert(
    fc.property(anyScene, (scene) => {
      const judgement = judge(scene);
      const isGhost = judgement.verdict === "ghost";
      if (isGhost) ghosts += 1;
      // A host that is this one only without its domain is no proof, where nothing else tells that it is.
      if (isGhost && !judgement.certain && scene.claim.host === domainOnly) return;
      // Nor is it one that a process started after a sweep had seen a member of which only times tell.
      const isSeenBefore = judgement.reason === "pid-reused" && sightWorth(scene.claim, scene.registry) === "absence";
      if (isGhost && !judgement.certain && isSeenBefore) return;
      // The word of its owner and that of every configured server together are one.
      const isSaid = judgement.reason === "thread-not-loaded" && scene.policy.ownersWord && judgement.certain;
      const expected = isGhost ? isSaid || deaths[judgement.reason] : false;
      expect(judgement.certain, said(judgement)).toBe(expected);
    }),
    many,
  );
  // A law over worlds in which nothing dies would hold of any ladder. Of a handful of worlds chance may spare all.
  expect(ghosts).toBeGreaterThan(many.numRuns < 1000 ? -1 : many.numRuns / 16);
});

test("a ghost is never young, and no rung above saw life or could not look", () => {
  fc.assert(
    fc.property(anyScene, (scene) => {
      if (judge(scene).verdict !== "ghost") return;
      const kinds = trace(scene).map(({ answer }) => answer.kind);
      expect(kinds[0]).toBe("not-applicable");
      expect(kinds.slice(0, 3)).not.toContain("live");
      expect(kinds.slice(0, 3)).not.toContain("unknown");
    }),
    many,
  );
});

const anyAnswer = fc.constantFrom<Answer["kind"]>("live", "unknown", "dead", "not-applicable").map((kind): Answer => {
  if (kind === "not-applicable") return { kind, detail: "" };
  return kind === "dead" ? { kind, reason: "pid-gone", detail: "", certain: true } : { kind, reason: "pid-alive", detail: "" };
});

test("of several signs life goes before doubt, doubt before death, and death before nothing", () => {
  const rank = ["live", "unknown", "dead", "not-applicable"];
  fc.assert(
    fc.property(fc.array(anyAnswer), (answers) => {
      const best = Math.min(3, ...answers.map(({ kind }) => rank.indexOf(kind)));
      expect(answers.reduce(stronger, noSign).kind).toBe(rank[best]);
    }),
  );
});

test("among equal signs the first stands", () => {
  const signs = [provenDead("pid-gone", ""), deadByAbsence("holder-gone", ""), provenDead("pid-reused", "")];
  expect(signs.reduce(stronger)).toBe(signs[0]);
});

test("on the second rung a sign of life is never outvoted", () => {
  const [, cli, lock] = signsOfLife;
  fc.assert(
    fc.property(anyScene, fc.constantFrom(cli, lock), (scene, sign) => {
      const { sessionId } = scene.claim;
      // Of a process claim, and of a row that another one replaces, only its own process is a sign.
      if (!asksForSession(scene)) return;
      if (sign === undefined || sessionId === undefined || !scene.evidence.mentions.seen) return;
      if (sign === lock && sessionId === "other-thread") return;
      expect(attachedProcess.ask(sign.change(scene)).kind).toBe("live");
    }),
    many,
  );
});

const reading = fc.constantFrom(undefined, 0, hour, day);
const memories = fc.record({
  bootId: fc.constantFrom(undefined, thisBoot, "earlier"),
  wallMs: reading,
  bootMs: reading,
  awakeMs: reading,
  absent: reading,
  stepped: reading,
});

test("a clock that cannot be read makes no entry older, no absence longer and no step forgotten", () => {
  const observe = (value: number | undefined) => (value === undefined ? blind : seen(value));
  fc.assert(
    fc.property(
      memories,
      memories,
      fc.constantFrom("bootId", "wallMs", "bootMs", "awakeMs"),
      ({ absent, stepped, ...then }, seenNow, hidden) => {
        // Within one boot the boot clock only goes on.
        fc.pre(seenNow.bootId !== then.bootId || (seenNow.bootMs ?? day) >= (then.bootMs ?? 0));
        const known = {
          digest: "same",
          seenForMs: hour,
          clockStepped: false,
          absentSinceMs: absent,
          heartbeatAt: undefined,
          unreadBeat: undefined,
          longestGapMs: 0,
          stillForMs: undefined,
          held: undefined,
        };
        const memory: Memory = { ...emptyMemory, ...then, steppedAtMs: stepped, records: new Map([["/r", new Map([["mars", known]])]]) };
        const entry = {
          registry: "/r",
          registryId: "/r",
          key: "mars",
          digest: () => "same",
          statedAt: 0,
          heartbeatAt: undefined,
          unreadBeat: () => undefined,
          heldAs: () => "",
        };
        const recalled = ({ bootId, wallMs, bootMs, awakeMs }: typeof seenNow) => {
          const clock = { wallMs: observe(wallMs), bootMs: observe(bootMs), awakeMs: observe(awakeMs) };
          return recall(memory, entry, since(memory, clock, bootId), clock, untimed.sleeps);
        };
        const [more, less] = [recalled(seenNow), recalled({ ...seenNow, [hidden]: undefined })];
        expect(less.seenForMs).toBeLessThanOrEqual(more.seenForMs);
        expect(less.absentForMs ?? -1).toBeLessThanOrEqual(more.absentForMs ?? -1);
        expect(less.clockStepped || !more.clockStepped).toBe(true);
      },
    ),
    many,
  );
});

test("entries that are judged by the same evidence are judged as if each had its own", () => {
  const answers = (scene: Scene): readonly string[] => trace(scene).map(({ answer }) => `${answer.kind}: ${formatMessage(answer.detail)}`);
  fc.assert(
    fc.property(anyScene, anyScene, fc.constantFrom("policy", "registry", "claim"), (first, second, changed) => {
      const shared = { ...first, [changed]: second[changed] };
      const own = { ...shared, evidence: { ...first.evidence } };
      expect([answers(first), answers(shared), said(judge(shared))]).toEqual([answers(first), answers(own), said(judge(own))]);
    }),
    many,
  );
});

describe("what explain shows and the verdict are one computation", () => {
  test("the verdict is the fold of the trace", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const answers = new Map<Rung, Answer>(trace(scene).map(({ rung, answer }) => [rung, answer]));
        const decision = decide(ladder, (rung) => answers.get(rung) ?? notApplicable("not in the trace"));
        const judgement = judge(scene);
        if (judgement.reason === "restored") return;
        const { answer } = decision ?? {};
        expect(decision?.rung.name).toBe(judgement.rung);
        expect(answer?.kind === "not-applicable" ? undefined : answer?.reason).toBe(judgement.reason);
        expect({ live: "live", unknown: "undecided", dead: "ghost", "not-applicable": undefined }[answer?.kind ?? "not-applicable"]).toBe(
          judgement.verdict,
        );
      }),
      many,
    );
  });

  const rungSaying = (role: Rung["role"], answer: Answer): Rung => ({ name: "ttl", role, rule: "a rung of this test", ask: () => answer });
  const decided = (scene: Scene, ...rungs: readonly Rung[]): Answer | undefined => decide(rungs, (rung) => rung.ask(scene))?.answer;

  test("a rung that is added to the list is asked, wherever it stands among the evidence", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const [gate, ...others] = ladder;
        const added = rungSaying("evidence", live("attached-cli", "the added rung saw it"));
        if (gate.ask(scene).kind !== "not-applicable") return;
        expect(decided(scene, gate, added, ...others)?.kind).toBe("live");
        expect(decided(scene, gate, ...others.slice(0, -1), added, ...others.slice(-1))?.kind).toBe("live");
      }),
      many,
    );
  });

  test("a gate that answers is not outranked by a sign of life", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const gate = rungSaying("gate", unknown("within-grace", "the gate of this test"));
        expect(decided(scene, gate, ...ladder)?.kind).toBe("unknown");
      }),
      many,
    );
  });
});
