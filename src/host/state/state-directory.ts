import { statSync } from "node:fs";

const writableByOthers = 0o022;

/**
 * Why a state directory cannot be trusted, as sshd distrusts a home: a user who can write there can plant a tombstone that
 * `restore` puts into a registry with our rights, or a memory by which a living session's entry goes. Undefined when
 * no other user can.
 */
export function stateDirectoryProblem(path: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const { uid, mode } = statSync(path);
  if (uid !== 0 && uid !== process.geteuid?.()) return `it belongs to user ${uid}, who could plant in it what is put into registries`;
  if ((mode & writableByOthers) === 0) return undefined;
  return `others can write to it (its mode is ${(mode & 0o7777).toString(8)}; chmod go-w ${path})`;
}
