import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCode } from "../../../src/host/observed.ts";
import { readText } from "../../../src/host/processes/read-text.ts";
import { scratchDirectory } from "../scratch.ts";

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test("a text is read as readFileSync reads it, whatever its length and its bytes", () => {
  const path = join(scratchDirectory(), "text");
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from("a\0b\0"),
    Buffer.from([0xc3, 0xa9, 0xff, 0x00, 0xe2, 0x82]),
    Buffer.alloc(300_000, "ä"),
  ]) {
    writeFileSync(path, bytes);
    expect(readText(path)).toBe(readFileSync(path, "utf8"));
  }
  expect(readText("/proc/self/cmdline")).toBe(readFileSync("/proc/self/cmdline", "utf8"));
});

test("what cannot be read is said as readFileSync says it", () => {
  for (const path of ["/proc/4194305/cmdline", "/proc", "/etc/passwd/x"]) {
    const [own, usual] = [thrown(() => readText(path)), thrown(() => readFileSync(path, "utf8"))];
    expect(own).toBeInstanceOf(Error);
    expect(errorCode(own)).toBe(errorCode(usual));
    expect((own as Error).message).toBe((usual as Error).message);
  }
});
