/**
 * What a bridge imports: sweeps of its own registry in its own process, with itself as the owner. They listen for no
 * signal, end no process, print nothing and stay in the directory in which they were called.
 */
export { reapOne } from "./bridge/reap-one.ts";
export { reconcile } from "./bridge/reconcile.ts";
export { watch } from "./bridge/watch.ts";
export {
  BridgeError,
  BusyError,
  NotOwnerError,
  OtherRowError,
  RefusedError,
  RegistryError,
  StateError,
  UsageError,
} from "./bridge/errors.ts";
export type { BridgeOptions, RowMeant, OwnRegistry, ReapedRow, Reconciled, Row, WatchResult, WatchOptions } from "./bridge/types.ts";
