import { describe, test } from "vitest";
import { fileScenes } from "./contract/file-scenes.ts";
import { memberScenes } from "./contract/member-scenes.ts";
import type { Scene } from "./contract/stage.ts";
import { realStage, simulatedStage } from "./contract/stages.ts";

/** The same scenes on the simulated machine and on this one: where they part, the simulation or the tool is wrong. */
const stages = [
  { on: "the simulated machine", make: () => Promise.resolve({ stage: simulatedStage(), leave: () => undefined }) },
  { on: "this machine", make: realStage },
];

async function check(make: typeof realStage, play: Scene[1]): Promise<void> {
  const { stage, leave } = await make();
  try {
    await play(stage);
  } finally {
    leave();
  }
}

describe.each(stages)("on $on", ({ make }) => {
  test.each([...memberScenes, ...fileScenes])("%s", async (_, play) => {
    await check(make, play);
  });
});
