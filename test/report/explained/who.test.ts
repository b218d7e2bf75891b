import widthOf from "fast-string-width";
import { expect, test } from "vitest";
import { whoText, type Route } from "../../../src/report/explained/who.ts";
import { plain } from "../../../src/report/visible.ts";
import { japanese, screenOf } from "../screen/screens.ts";

const nowMs = Date.UTC(2026, 10, 26, 13, 30);
const route = (session: string, more: Partial<Route> = {}): Route => ({
  session,
  lastActivityAt: nowMs - 120_000,
  lastHeartbeatAt: nowMs - 4000,
  verdict: "live",
  reason: "pid-alive",
  why: "master",
  ...more,
});

const routes = [
  route("019d7b2f-5ede-7c71-b2fd-bfff53df6cde"),
  route(japanese, { why: "older verb", lastActivityAt: nowMs + 1000, verdict: "undecided", reason: "pid-unproven" }),
  route("5a0c11d0-5ede-7c71-b2fd-bfff53df6cde", {
    lastActivityAt: nowMs - 9 * 86_400_000,
    lastHeartbeatAt: undefined,
    verdict: "ghost",
    reason: "pid-gone",
    why: "never spoke",
  }),
];

const textAt = (columns: number | undefined, those: readonly Route[] = routes, name = "reviewer"): readonly string[] =>
  whoText(name, those, nowMs, { screen: screenOf(columns), palette: plain, home: "/home/dev", verbose: false });

test("who gets the signals is a table, at 100, 60 and 30 columns and where there is no terminal", () => {
  expect(`\n${[100, 60, 30, undefined].map((columns) => textAt(columns).join("\n")).join("\n\n")}\n`).toMatchInlineSnapshot(`
    "
      SESSION       LAST VERB      HEARTBEAT  VERDICT    WHY THIS PLACE
      019d7b2f      2m ago         4s ago     live       master
    ? 日本語-agent  in the future  4s ago     undecided  older verb; process not certain
    - 5a0c11d0      9d ago         never      ghost      never spoke; process gone

    reviewer: signals go to 019d7b2f

      SESSION       LAST VERB      VERDICT    WHY THIS PLACE
      019d7b2f      2m ago         live       master
    ? 日本語-agent  in the future  undecided  older ver… certain
    - 5a0c11d0      9d ago         ghost      never spo…ess gone

    reviewer: signals go to 019d7b2f

      SESSION       LAST VERB
      019d7b2f      2m ago
        live
        master
    ? 日本語-agent  in the future
        undecided
        older verb; p… not certain
    - 5a0c11d0      9d ago
        ghost
        never spoke; process gone

    reviewer: signals go to
      019d7b2f

      SESSION       LAST VERB      HEARTBEAT  VERDICT    WHY THIS PLACE
      019d7b2f      2m ago         4s ago     live       master
    ? 日本語-agent  in the future  4s ago     undecided  older verb; process not certain
    - 5a0c11d0      9d ago         never      ghost      never spoke; process gone

    reviewer: signals go to 019d7b2f
    "
  `);
});

test("that the first in line is a ghost is said where the answer is", () => {
  expect(textAt(100, routes.slice(2)).at(-1)).toBe("reviewer: signals go to 5a0c11d0, a ghost");
});

test.each([28, 30, 40, 60, 100])("no line is wider than %i columns", (columns) => {
  const odd = [route("語".repeat(200), { why: "not the master" }), route(`a\u001b[2J${"x".repeat(200)}`)];
  for (const line of textAt(columns, odd, `\u202e${"語".repeat(100)}`)) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
});
