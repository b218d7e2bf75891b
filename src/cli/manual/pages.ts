import { commandPage } from "./command-page.ts";
import { configPage } from "./config-page.ts";
import { unitsPage } from "./units-page.ts";

/** The manual, by the name of each page; the number is its section. */
export const manualPages = {
  sessreap: { section: 1, render: commandPage },
  "sessreap-config": { section: 5, render: configPage },
  "sessreap-units": { section: 7, render: unitsPage },
} as const satisfies Record<string, { readonly section: number; readonly render: () => string }>;

export type PageName = keyof typeof manualPages;
