import type { Evidence, Observed } from "./evidence.ts";
import type { EntryMemory } from "./memory/memory.ts";
import type { Policy } from "./policy.ts";
import type { About, Registration } from "./registration.ts";

/** Everything that the ladder may look at when it judges one entry. */
export type Scene = {
  readonly claim: Registration;
  readonly registry: RegistryFacts;
  readonly evidence: Evidence;
  readonly memory: EntryMemory;
  readonly policy: Policy;
};

/** What holds for every entry of one registry. */
export type RegistryFacts = {
  /** What tells it from other registries. */
  readonly id: string;
  readonly about: About;
  /** Names by which a holder can be called; undefined where the format names none. */
  readonly holderNames: readonly string[] | undefined;
  /** Its start tokens are clock ticks: its writer is known to record them, or one of them was that of a living process. */
  readonly startTokensProven: boolean;
  /** Other hosts, kernels or pid namespaces write here, too: an entry of it says so, or the configuration does. */
  readonly besideForeign: boolean;
  /** Its identity is an id that is looked for in processes, too. */
  readonly identityIsSession: boolean;
  /** The words behind which its agents state their names; undefined where they state none. */
  readonly statedBehind: string | undefined;
  /** The one user who, root aside, can have written its entries; undefined where others may have. */
  readonly writer: number | undefined;
  /** Epoch ms of the container's last change: the file with many entries, or the one-file entry itself. */
  readonly modifiedAt: Observed<number>;
  /** Epoch ms by the kernel's own time of the last change. A writer cannot set that one back. */
  readonly changedAt: Observed<number>;
  /** One file an entry: then the file's own mtime is a time of the entry. */
  readonly oneFile: boolean;
  /** The directory of these files, as links to it resolve; undefined where the entries share one file. */
  readonly directory: string | undefined;
  readonly appServers: readonly AppServerAddress[];
};

/** A server that the user configured may condemn; one that is merely tried can only say `live` or `unknown`. */
export type AppServerAddress = { readonly url: string; readonly configured: boolean };
