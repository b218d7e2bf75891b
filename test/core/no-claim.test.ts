import { expect, test } from "vitest";
import { formatMessage } from "../../src/core/answer.ts";
import { noClaim } from "../../src/core/no-claim.ts";
import { nothingClaimed, type Registration } from "../../src/core/registration.ts";
import { now } from "./scene.ts";

test.each<[string, Partial<Registration>, string | undefined]>([
  ["was never released", { registeredAt: now }, undefined],
  ["was released", { releasedAt: now }, "it was released at 2026-11-20T15:00:00.000Z"],
  ["was released as it was registered", { releasedAt: now, registeredAt: now }, "it was released at 2026-11-20T15:00:00.000Z"],
  ["was released at a time that cannot be read", { releasedAt: Number.NaN, registeredAt: now }, "it was released"],
  ["was registered after its release", { releasedAt: now, registeredAt: now + 1 }, undefined],
  ["was active after its release", { releasedAt: now, lastActivityAt: now + 1 }, undefined],
  ["beat after its release", { releasedAt: now, lastHeartbeatAt: now + 1 }, undefined],
  ["is kept by its writer", { registeredAt: now, keptFor: 'state "parked"' }, 'it says state "parked"'],
])("an entry that %s claims nothing for: %s", (_, said, why) => {
  const message = noClaim({ ...nothingClaimed, ...said });
  expect(message === undefined ? undefined : formatMessage(message)).toBe(why);
});
