import type { AppServerAddress } from "../core/scene.ts";
import type { Format, OwnerSigns } from "../registries/format.ts";

/** One registry that a sweep is to look at, with what the configuration says of it. */
export type Target = {
  readonly format: Format;
  /** Absolute. */
  readonly path: string;
  /** Somebody named it: then it is a fault when it is not there. A well-known place may be empty. */
  readonly named: boolean;
  readonly appServers: readonly ServerTarget[];
  readonly owner: OwnerSigns | undefined;
  /** The owner's command that releases one entry; `{key}` and `{sessionId}` stand for whole arguments. */
  readonly release: readonly string[] | undefined;
};

/** An app server's address as it was given, and where to connect for it. */
export type ServerTarget = AppServerAddress & { readonly connectTo: string };
