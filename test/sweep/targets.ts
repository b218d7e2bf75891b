import { join } from "node:path";
import type { Target } from "../../src/sweep/load/target.ts";
import type { Running } from "../processes.ts";
import type { Fixture } from "../registries/fixtures.ts";
import { withFacts } from "../registries/plant.ts";
import type { Scene } from "./scene.ts";

/** A fixture's registry, planted in a scene. */
export function targetFor({ format, at }: Fixture, { directory }: Scene): Target {
  const places = { home: directory, cwd: directory, uid: 0, env: {}, sha256: () => "0".repeat(64), furtherHomes: () => [] };
  const path = join(directory, at);
  return {
    format,
    path,
    named: true,
    appServers: [],
    owner: format.owner?.(places, path),
    release: undefined,
  };
}

/** The file in which a fixture's entry stands, under the holder's own pid. */
export function fileOf({ format, at, key }: Fixture, { directory }: Scene, holder: Pick<Running, "pid" | "startTicks">): string {
  return join(directory, at, format.layout === "files" ? withFacts(key, holder) : "");
}
