import type { Host } from "../../host/host.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { formatProcess } from "../../report/owners-text.ts";
import { visible } from "../../report/visible.ts";
import { describeProcess } from "../../ownership/describe-owners.ts";
import { enter, type Admission, type ConflictChoice, type Contender } from "../../ownership/admission.ts";
import type { OwnersQuestion } from "../../ownership/owners.ts";
import type { Invocation } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeLines } from "../output.ts";
import type { JudgingOptions } from "../config/settings.ts";

export type ExecOptions = JudgingOptions & { readonly session?: string; readonly onConflict: string; readonly reapChildren?: boolean };

function formatContender(host: LookingHost, { harness, launcher }: Contender): string {
  const member = harness?.members[0];
  if (harness !== undefined && member !== undefined) {
    const possible = harness.possible === undefined ? "" : `  (possibly: ${visible(harness.possible)})`;
    return `${formatProcess(describeProcess(host, member, harness.agent))}${possible}`;
  }
  const observation = launcher === undefined ? undefined : host.lookAtTree();
  const row = observation?.seen === true ? observation.value.tree.get(launcher ?? 0) : undefined;
  if (row !== undefined) return formatProcess(describeProcess(host, row, "sessreap exec"));
  return "another sessreap exec, which does not answer (stopped from its terminal?)";
}

function refusal(host: LookingHost, session: string, contenders: readonly Contender[]): string {
  return [
    `session ${visible(session)} is already run by`,
    ...contenders.map((contender) => `  ${formatContender(host, contender)}`),
    "choose: --on-conflict refuse (the default: leave it alone), wait (start when it has ended) or retire (end it first)",
  ].join("\n");
}

/** Waits for the session as the user chose, and gives the lock that admits the command, with what is to be said, or ends the run. */
export async function lockSession(
  { stderr }: Invocation<ExecOptions>,
  host: Host,
  question: OwnersQuestion,
  session: string,
  choice: ConflictChoice,
): Promise<Extract<Admission, { kind: "admitted" }>> {
  const admission = await enter(host, question, session, choice, (contenders) =>
    writeLines(
      stderr,
      contenders.map((contender) => `sessreap: waiting for ${formatContender(host, contender)}`),
    ),
  );
  if (admission.kind === "blind") throw new Failure("refused", `whether anybody runs the session cannot be seen: ${admission.why}`);
  if (admission.kind === "busy") throw new Failure("busy", refusal(host, session, admission.contenders));
  if (admission.kind === "not-retired")
    throw new Failure("refused", `${refusal(host, session, admission.contenders)}\nit was not retired: ${admission.problem}`);
  return admission;
}
