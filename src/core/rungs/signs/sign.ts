import type { Answer } from "../../answer.ts";
import type { Scene } from "../../scene.ts";

/**
 * One thing that can show whether a process holds a session. `ask` gives `noSign` where the entry has nothing to ask about.
 * What shows a session only says nothing of one process of it.
 */
export type Sign = { readonly name: string; readonly shows: "process" | "session"; readonly ask: (scene: Scene) => Answer };
