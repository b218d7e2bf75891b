/** What a call of this library can fail with; `code` tells the kinds apart without `instanceof`. An abort is none of them. */
export class BridgeError extends Error {
  readonly code: "usage" | "not-owner" | "other-row" | "busy" | "registry" | "refused" | "state";
  constructor(code: BridgeError["code"], message: string) {
    super(message);
    this.code = code;
    this.name = new.target.name;
  }
}

/** What was asked for makes no sense, or a configuration does not. Nothing was touched. */
export class UsageError extends BridgeError {
  constructor(message: string) {
    super("usage", message);
  }
}

/** The caller is not the registry's owner: another one is up, none of its signs is the caller's, or the file is another user's. */
export class NotOwnerError extends BridgeError {
  constructor(message: string) {
    super("not-owner", message);
  }
}

/** The row of this key is not the one that was meant: it names another session, or another process. */
export class OtherRowError extends BridgeError {
  constructor(message: string) {
    super("other-row", message);
  }
}

/** Another sweep of this state directory has been running for longer than the caller wanted to wait. */
export class BusyError extends BridgeError {
  constructor(message: string) {
    super("busy", message);
  }
}

/** The registry is not there, could not be read, or could not be understood. */
export class RegistryError extends BridgeError {
  constructor(message: string) {
    super("registry", message);
  }
}

/** What was seen of this machine cannot be right, so nothing was done. */
export class RefusedError extends BridgeError {
  constructor(message: string) {
    super("refused", message);
  }
}

/** The state directory, where tombstones and locks are, cannot be used. */
export class StateError extends BridgeError {
  constructor(message: string) {
    super("state", message);
  }
}
