import { changing } from "./changing.ts";
import { other } from "./other.ts";
import { seeing } from "./seeing.ts";

/** Every command, in the order of the manual. The first is the default. */
export const commands = [...changing, ...seeing, ...other] as const;

export type CommandName = (typeof commands)[number]["name"];
