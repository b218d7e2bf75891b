import { expect, test } from "vitest";
import { compareHosts, isHostGone, isMachineGone, isSameMachine } from "../../../src/core/identity/hosts.ts";

test.each([
  ["venus", "venus", "same"],
  ["VENUS", "venus", "same"],
  ["Venus.Example.org", "venus.example.ORG.", "same"],
  ["venus", "venus.example.org", "without-domain"],
  ["venus.example.org", "VENUS", "without-domain"],
  ["venus.example.org", "venus.example.net", "other"],
  ["venus", "venus2", "other"],
  ["venus-2", "venus", "other"],
  ["venus", "mars.venus", "other"],
  ["localhost", "venus", "other"],
  ["localhost", "localhost", "other"],
  ["localhost", "localhost.localdomain", "other"],
  ["127.0.0.1", "127.0.0.1", "other"],
  ["127.1.2.3", "::1", "other"],
  ["[::1]", "ip6-localhost", "other"],
  ["", "venus", "other"],
  ["", "", "other"],
] as const)("%j and %j: %s", (one, other, expected) => {
  expect(compareHosts(one, other)).toBe(expected);
});

test.each([
  ["pod-7", ["pod-*"], true],
  ["POD-7", ["pod-*"], true],
  ["pod-7", ["saturn", " pod-* "], true],
  ["pod-7", ["Pod-7"], true],
  ["pod-7.cluster.local.", ["*.cluster.local"], true],
  ["7-pod.cluster.local", ["*-pod"], true],
  ["saturn.example.org", ["saturn"], true],
  ["saturn", ["saturn.example.org"], true],
  ["saturn.example.org", ["saturn.example.net"], false],
  ["web-pod-7", ["pod-*"], false],
  ["pod", ["pod-*"], false],
  ["pod-7", [], false],
  ["pod-7", ["*"], true],
  ["venus", ["*"], false],
  ["VENUS", ["venus"], false],
  ["venus.example.org", ["*"], false],
  ["venus.example.org", ["venus*"], false],
  ["localhost", ["*"], false],
])("%s, seen from venus, among the hosts gone %j: %s", (name, patterns, expected) => {
  expect(isHostGone(name, "venus", patterns)).toBe(expected);
});

test("a host that has our name in another domain is gone by its whole name or a pattern, never by our own name", () => {
  const isGone = (pattern: string) => isHostGone("venus.b.org", "venus.a.org", [pattern]);
  expect(["venus.b.org", "*.b.org", "venus", "venus.a.org"].map(isGone)).toEqual([true, true, false, false]);
});

const [mine, other] = ["0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdee"];

test("a machine's id is the same in capitals and with hyphens", () => {
  expect(isSameMachine(mine, "01234567-89AB-CDEF-0123-456789ABCDEF\n")).toBe(true);
  expect(isSameMachine(mine, other)).toBe(false);
});

test.each([
  [other, [other], true],
  [other, [`${other.slice(0, 8)}-${other.slice(8)}`.toUpperCase()], true],
  [other, ["*"], true],
  [other, ["saturn", other], true],
  [other, [mine], false],
  [mine.toUpperCase(), [mine], false],
  [mine, ["*"], false],
])("machine %s among those gone %j: %s", (id, patterns, expected) => {
  expect(isMachineGone(id, mine, patterns)).toBe(expected);
});
