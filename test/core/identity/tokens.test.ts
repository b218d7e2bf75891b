import { describe, expect, test } from "vitest";
import { seen, unseen, type Clock } from "../../../src/core/evidence.ts";
import { canonicalBootId, isSameBoot, saysStartOtherwise, startTokenOf } from "../../../src/core/identity/tokens.ts";

const boot = "d7201e58-0b6a-4e5f-bc1d-a3790f221e08";
const bare = boot.replaceAll("-", "");

describe("a boot id", () => {
  test.each([
    ["as the kernel spells it", boot],
    ["in capitals", boot.toUpperCase()],
    ["without hyphens, as sd_id128_to_string writes it", bare],
    ["without hyphens, in capitals", bare.toUpperCase()],
    ["with the line end of the kernel's file", `${boot}\n`],
  ])("%s is that boot", (_, text) => {
    expect(canonicalBootId(text)).toBe(boot);
  });

  test.each([
    ["a name", "earlier"],
    ["nothing", ""],
    ["the time of a boot", "1763650000"],
    ["a date", "2026-11-20T15:00:00Z"],
    ["a start token of Qwen Code's", `${boot}:179022`],
    ["zeros, which stand for a boot id that could not be read", "00000000-0000-0000-0000-000000000000"],
    ["zeros without hyphens", "0".repeat(32)],
    ["a digit too few", bare.slice(1)],
    ["a digit too many", `${bare}0`],
    ["a hyphen in another place", `${bare.slice(0, 4)}-${bare.slice(4)}`],
    ["braces, which no writer is known to use", `{${boot}}`],
  ])("%s is none", (_, text) => {
    expect(canonicalBootId(text)).toBeUndefined();
  });

  test.each([
    [boot, bare.toUpperCase(), true],
    [boot, "0d7201e5-80b6-4e5f-bc1d-a3790f221e08", false],
    [boot, "earlier", undefined],
    ["earlier", "earlier", undefined],
    [undefined, boot, undefined],
    [boot, undefined, undefined],
  ])("%s and %s: the same boot %s", (one, other, expected) => {
    expect(isSameBoot(one, other)).toBe(expected);
  });
});

describe("a start token", () => {
  test.each<[string, unknown, string, string | undefined]>([
    ["a number of ticks", 179_022, "179022", undefined],
    ["one tick", 1, "1", undefined],
    ["ticks in digits", "179022", "179022", undefined],
    ["with zeros before it", "00179022", "179022", undefined],
    ["with a line end", "179022\n", "179022", undefined],
    ["with its boot, as Qwen Code writes it", `${boot}:179022`, "179022", boot],
    ["with its boot in another spelling", `${bare.toUpperCase()}:179022`, "179022", boot],
    [
      "as many milliseconds as have passed since 1970, which can be told only from others of the registry",
      1.7e12,
      "1700000000000",
      undefined,
    ],
  ])("%s", (_, value, ticks, bootId) => {
    expect(startTokenOf(value)).toEqual({ ticks, bootId });
  });

  test.each<[string, unknown]>([
    ["zero, which a writer leaves that could not read it", 0],
    ["zero in digits", "0"],
    ["zeros", "000"],
    ["a negative number", -5],
    ["a fraction", 1.5],
    ["seconds with a fraction, as psutil gives them", 1_763_650_000.25],
    ["a number that no number holds exactly", 2 ** 60],
    ["an lstart date", "Fri Nov 20 15:07:09 2026"],
    ["a time", "2026-11-20T15:07:09.000Z"],
    ["nothing", ""],
    ["digits of another script", "١٧٩"],
    ["an exponent", "1e5"],
    ["a hexadecimal number", "0x10"],
    ["ticks behind what is no boot id", "earlier:179022"],
    ["ticks behind zeros", `${"0".repeat(32)}:179022`],
    ["a boot without ticks", `${boot}:`],
    ["a boot with zero ticks", `${boot}:0`],
    ["more digits than the kernel counts", "1".repeat(21)],
    ["a list", [179_022]],
    ["an object", { ticks: 179_022 }],
    ["nothing at all", null],
  ])("%s is none", (_, value) => {
    expect(startTokenOf(value)).toBeUndefined();
  });
});

describe("a start in another unit than ticks", () => {
  // The machine booted 10 h ago, and the process started 4 h after that.
  const began = Date.UTC(2026, 10, 27, 8);
  const clock: Clock = { wallMs: seen(began + 36_000_000), bootMs: seen(36_000_000), awakeMs: seen(36_000_000) };
  const ticks = "1440042";
  const at = began + 14_400_420;

  test.each([
    ["seconds since boot", 14_400],
    ["milliseconds since boot", 14_400_420],
    ["nanoseconds since boot", 14_400_420_000_000],
    ["milliseconds since boot, as the process read them a second later", 14_401_500],
    ["seconds since 1970", Math.floor(at / 1000)],
    ["milliseconds since 1970", at],
    ["milliseconds since 1970, before the clock was slewed", at - 50_000],
    ["microseconds since 1970", at * 1000],
    ["the time of Windows", (at + 11_644_473_600_000) * 10_000],
  ])("%s", (_, said) => {
    expect(saysStartOtherwise(String(said), ticks, clock)).toBe(true);
  });

  test.each([
    ["ticks of another process", 1_440_043],
    ["ticks of one that started long before", 700],
    ["seconds since boot of another process", 14_410],
    ["seconds since 1970 of another process", Math.floor(at / 1000) - 600],
    ["milliseconds since 1970 of another process", at + 120_000],
  ])("%s: not this one's", (_, said) => {
    expect(saysStartOtherwise(String(said), ticks, clock)).toBe(false);
  });

  test("of a process as old as the boot a small number says nothing", () => {
    expect(saysStartOtherwise("7", "90", clock)).toBe(false);
  });

  test("while the clock cannot be read it may be so", () => {
    expect(saysStartOtherwise("7", ticks, { ...clock, wallMs: unseen("EPERM") })).toBe(true);
    expect(saysStartOtherwise("7", ticks, { ...clock, bootMs: unseen("EPERM") })).toBe(true);
  });
});
