import { expect, test } from "vitest";
import { checkCutter } from "../fuzz/cutter.ts";
import { checkFormats } from "../fuzz/formats.ts";
import { texts } from "../fuzz/texts.ts";

test.each(texts.map((bytes) => [JSON.stringify(bytes.toString("utf8").slice(0, 40)), bytes] as const))(
  "%s is read, cut and put back as JSON.parse would have it, and no format stumbles over it",
  (_, bytes) => {
    expect(() => checkCutter(bytes)).not.toThrow();
    expect(() => checkFormats(bytes)).not.toThrow();
  },
);
