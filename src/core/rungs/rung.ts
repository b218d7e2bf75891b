import type { Answer } from "../answer.ts";
import type { Scene } from "../scene.ts";

/**
 * What a rung's answers are worth. A `gate` that answers ends the questions: the entry is left alone, and nothing else is
 * asked. Of `evidence` the strongest answer stands. The `last-resort` is asked only when no rung before it has answered.
 */
export type RungRole = "gate" | "evidence" | "last-resort";

/** One liveness question. `rule` is the sentence that `explain` and the manual show. */
export type Rung = {
  readonly name: string;
  readonly role: RungRole;
  readonly rule: string;
  readonly ask: (scene: Scene) => Answer;
};
