import type { Answer } from "../answer.ts";
import type { Scene } from "../scene.ts";

export type RungName = "grace" | "attached-process" | "app-server-thread" | "ttl";

/** One liveness question. `rule` is the sentence that `explain` and the manual show. */
export type Rung = {
  readonly name: RungName;
  readonly rule: string;
  readonly ask: (scene: Scene) => Answer;
};
