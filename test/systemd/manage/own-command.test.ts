import { expect, test } from "vitest";
import { passingWord } from "../../../src/systemd/manage/own-command.ts";

test.each([
  ["/home/alice/.npm/_npx/0f3c9a/node_modules/sessreap/bin/sessreap.cjs", true],
  ["/srv/npm-cache/_npx/0f3c9a/node_modules/sessreap/bin/sessreap.cjs", true],
  ["/home/alice/.cache/pnpm/dlx/a1/b2/node_modules/sessreap/bin/sessreap.cjs", true],
  ["/home/alice/.local/share/pnpm/store/v3/tmp/dlx-4711/node_modules/.bin/x", true],
  ["/tmp/xfs-0a1b/dlx-4711/node_modules/sessreap/bin/sessreap.cjs", true],
  ["/tmp/bunx-1000-sessreap@latest/node_modules/sessreap/bin/sessreap.cjs", true],
  ["/usr/lib/node_modules/sessreap/bin/sessreap.cjs", false],
  ["/home/alice/work/sessreap/bin/sessreap.cjs", false],
  ["/home/alice/work/_npx.d/dlxer/bunxy/sessreap.cjs", false],
  ["/home/alice/.nvm/versions/node/v24.1.0/bin/node", false],
])("%s is a package runner's own: %s", (path, expected) => {
  expect(passingWord(["/usr/bin/node", path]) === path).toBe(expected);
});
