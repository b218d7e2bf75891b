/**
 * Loads what a pass may need late: other files of the package. A command that runs for days calls this at its start,
 * because an upgrade of the package meanwhile replaces those files. Short commands load each when they need it.
 */
export async function loadLibraries(): Promise<void> {
  await Promise.all([import("execa"), import("write-file-atomic"), import("ws")]);
}
