/** What a watch has on its agenda: sweeps of all, sweeps of what has ended, and looks. */
export type Item = "whole" | "exits" | "learn" | "lines" | "tables" | "clock";

/** Exits come first, and leave every other turn to what else is due. */
export const orderAfter = (last: Item | undefined): readonly Item[] =>
  last === "exits" ? ["clock", "whole", "learn", "tables", "lines", "exits"] : ["exits", "clock", "learn", "tables", "whole", "lines"];
