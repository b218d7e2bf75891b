import { expect, test } from "vitest";
import { seen, unseen, type Observed } from "../../../src/core/evidence.ts";
import { judgeHostLock, lockHeartbeatMs, type HostLockVerdict } from "../../../src/core/revisions/renamed-host.ts";

const locals: readonly (readonly [string, Observed<boolean>])[] = [
  ["local", seen(true)],
  ["network", seen(false)],
  ["unknown", unseen("type 0x1234")],
];
const pids: readonly (readonly [string, Observed<boolean>])[] = [
  ["dead", seen(true)],
  ["live", seen(false)],
  ["unseen", unseen("EACCES")],
];
const beats: readonly (readonly [string, Observed<number>])[] = [
  ["stale", seen(lockHeartbeatMs)],
  ["fresh", seen(lockHeartbeatMs - 1)],
  ["future", seen(-1)],
  ["no number", seen(Number.NaN)],
  ["unseen", unseen("EIO")],
];

const rows = locals.flatMap(([fs, local]) =>
  pids.flatMap(([pid, pidIsDead]) =>
    beats.flatMap(([beat, heartbeatAgeMs]) =>
      [true, false].map((on) => {
        const proven = fs === "local" && pid === "dead" && beat === "stale";
        const maybeAlive = fs !== "local" || beat === "fresh";
        const wanted: HostLockVerdict["kind"] = proven ? (on ? "heal" : "off") : maybeAlive ? "stays" : "doubt";
        return { fs, local, pid, pidIsDead, beat, heartbeatAgeMs, on, wanted };
      }),
    ),
  ),
);

test.each(rows)(
  "$fs file system, $pid pid, $beat heartbeat, healing $on: $wanted",
  ({ local, pidIsDead, heartbeatAgeMs, on, wanted, fs }) => {
    let probes = 0;
    const probe = (): Observed<boolean> => {
      probes += 1;
      return pidIsDead;
    };
    const observation = { host: "old-name", ownHost: "new-name", local, heartbeatAgeMs, pidIsDead: probe };
    expect(judgeHostLock(observation, on).kind).toBe(wanted);
    expect(probes).toBeLessThanOrEqual(fs === "local" ? 1 : 0);
  },
);

test("a lock of this very host is judged like any other entry", () => {
  const observation = { host: "h", ownHost: "h", local: seen(true), heartbeatAgeMs: seen(1e9), pidIsDead: () => seen(true) };
  expect(judgeHostLock(observation, true).kind).toBe("own");
});
