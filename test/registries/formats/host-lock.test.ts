import { expect, test } from "vitest";
import { hostLock } from "../../../src/registries/formats/host-lock.ts";
import { underName } from "../../../src/registries/host-name.ts";

const name = { key: "resume-queue.lock", pid: undefined, sessionId: undefined, port: undefined };
const claim = (content: string) => (hostLock.layout === "files" ? hostLock.claim(name, content) : undefined);

test("a lock claims its pid and its host", () => {
  expect(claim('{"pid":12345,"hostname":"host-a"}')).toMatchObject({
    ok: true,
    registration: { pid: 12_345, host: "host-a", lastHeartbeatAt: undefined },
  });
});

test("a heartbeat may be written into it", () => {
  expect(claim('{"pid":12345,"hostname":"host-a","heartbeat":1795186876551}')).toMatchObject({
    registration: { lastHeartbeatAt: 1_795_186_876_551 },
  });
});

test.each(["", "{}", '{"pid":12345}', '{"hostname":"host-a"}', '{"pid":"1st","hostname":"a"}', "12345"])(
  "%j is no lock of this kind, and is kept",
  (content) => {
    expect(claim(content)).toMatchObject({ ok: false });
  },
);

test.each([
  ['{"pid":1,"hostname":"old"}', '{"pid":1,"hostname":"new"}'],
  ['{ "hostname" :  "old",\n"big": 12345678901234567890 }\n', '{ "hostname" :  "new",\n"big": 12345678901234567890 }\n'],
  ['{"pid":1,"hostname":"o\\u006cd"}', '{"pid":1,"hostname":"new"}'],
  ['{"note":"hostname","hostname":"old"}', '{"note":"hostname","hostname":"new"}'],
])("%j is put under another name with every other byte as it was", (before, after) => {
  expect(underName(before, "new")).toBe(after);
});

test.each([
  "",
  "[]",
  "{}",
  '{"a":{"hostname":"old"}}',
  '{"hostname":"a","hostname":"b"}',
  '{"a":"\\"hostname\\":\\"x\\"","hostname":"old","b":{"hostname":"x"}}',
])("%j is not, for which name is meant cannot be told", (content) => {
  expect(underName(content, "new")).toBeUndefined();
});
