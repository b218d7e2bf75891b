export function writeTriedClock(stateDir: string): void;
