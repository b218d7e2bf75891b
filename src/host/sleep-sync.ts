const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Stands still for so many ms, where nothing may come between two steps. */
export function sleepSync(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}
