import type { FormatBasics } from "../../format.ts";

/** What holds for a registry unless its format says otherwise. */
export const formatDefaults = {
  wellKnown: () => [],
  holderNames: undefined,
  fields: {},
  declaredFields: undefined,
  codexThreads: false,
  triedServers: () => [],
  statedBehind: undefined,
  identityIsSession: false,
  owner: undefined,
  authoritative: false,
  namesHolders: false,
  namesHost: false,
  namesTmux: false,
  hostLocks: false,
  releases: undefined,
  body: "json" as FormatBasics["body"],
} satisfies Partial<FormatBasics>;
