import type { Message } from "../answer.ts";
import type { Observed } from "../evidence.ts";
import type { Judgement } from "../ladder.ts";
import type { Change } from "../plan/plan.ts";
import type { Registration } from "../registration.ts";
import type { Scene } from "../scene.ts";
import type { FlappingIdentity } from "./flapping.ts";

/** Where an entry stands: the path of its file, as links to it resolve, and its first byte and the one behind it. */
export type Bytes = { readonly file: string; readonly start: number; readonly end: number };

/** An entry that can be understood and whose key occurs once, with what the ladder says of it. */
export type JudgedRow = {
  /** Its registry's position among those that were read, and its own position in that registry. */
  readonly registry: number;
  readonly index: number;
  readonly claim: Registration;
  readonly torn: boolean;
  /** Made when it is asked for: an entry of a large registry is judged again. */
  readonly judgement: Judgement;
  /** Its registry is written by the holders themselves. */
  readonly authoritative: boolean;
  /** How the entry is named to a person. */
  readonly where: string;
  readonly format: string;
  readonly bytes: Bytes;
  /** When its own file was last written, in epoch ms; undefined where entries share one. */
  readonly writtenMs: number | undefined;
};

/** A registry after the ladder, as far as revisions ask for it. */
export type JudgedRegistry = {
  readonly path: string;
  /** Its file or directory, as links to it resolve. */
  readonly root: string;
  readonly authoritative: boolean;
  /** A released row stays in it, with the time and the reason of its release. */
  readonly keepsReleased: boolean;
  /** Its entries are locks that name the host of their holder. */
  readonly hostLocks: boolean;
  readonly recordsPids: boolean;
  /** Reads its rows anew each time: no list of a million rows is kept. */
  readonly rows: () => Iterable<JudgedRow>;
};

/**
 * A row whose verdict may be revised, and the row that speaks against it where it takes two; `through` is the one that says
 * which process is meant, where the row itself does not.
 */
export type Candidate = { readonly row: JudgedRow; readonly other: JudgedRow | undefined; readonly through?: JudgedRow };

export type Candidates = {
  readonly candidates: readonly Candidate[];
  /** Identities in a re-register loop: none of their rows is a candidate, and the loop is reported. */
  readonly flapping: readonly FlappingIdentity[];
};

/** What the sweep has to look at before a revision can say more: sessions are asked of the registry's app servers. */
export type Questions = { readonly sessions: readonly string[]; readonly pids: readonly number[] };

export const noQuestions: Questions = { sessions: [], pids: [] };

/** What the sweep saw of one candidate. */
export type Observation = {
  readonly scene: Scene;
  /** The file system of its registry, looked at when it is asked for. */
  readonly fileSystem: () => Observed<{ readonly local: boolean; readonly name: string }>;
};

/** What reports say of a revised entry, in words of their own. */
export type Noted = {
  /** The session that a registry written by the holders themselves names for the same process. */
  readonly phantomOf: string;
  /** Whether a lock under another host's name can be one that this machine has left. */
  readonly hostLock: "stays" | "doubt" | "off" | "heal";
};

export type Revised = {
  readonly judgement: Judgement;
  /** What the revision says by itself, for `explain`. */
  readonly detail: Message;
  /** How a row that is a ghost by this revision is to be changed; undefined where the revision condemns nothing. */
  readonly change: Exclude<Change, "reap" | "mark"> | undefined;
  readonly noted: Partial<Noted>;
};

/** One reason to see a verdict of the ladder anew. `rule` is the sentence that `explain` and the manual show. */
export type Revision = {
  readonly name: string;
  readonly rule: string;
  readonly candidates: (registries: readonly JudgedRegistry[]) => Candidates;
  readonly asks: (candidate: Candidate, observation: Observation) => Questions;
  /** Returns undefined where the ladder's verdict stands. The last look before a change asks this again. */
  readonly revise: (candidate: Candidate, observation: Observation) => Revised | undefined;
};
