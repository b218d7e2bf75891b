import { formatError } from "../host/observed.ts";

/** Keeps a note of what was done. Where that cannot be, it is said: what was done is done, and is no fault. */
export async function unkept(what: string, write: () => void | Promise<void>): Promise<readonly string[]> {
  try {
    await write();
    return [];
  } catch (error) {
    return [`${what} could not be kept in the state directory: ${formatError(error)}`];
  }
}
