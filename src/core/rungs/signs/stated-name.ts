import { roleOf } from "../../agents/carriers.ts";
import { live, noSign, notApplicable, stronger, unknown, type Answer } from "../../answer.ts";
import type { Statement } from "../../evidence.ts";
import { isRuledOut } from "../../policy.ts";
import type { Scene } from "../../scene.ts";
import { wholeTable } from "../whole-table.ts";
import type { Sign } from "./sign.ts";

const unstated = notApplicable("no agent states its name");

const letter = /[\p{L}\p{N}_-]/u;
/** A name ends with the sentence, the line or the quotation; a full stop or a colon inside it is followed by a letter. */
const end = /[.,;!?]+(?=\s|$)|[。、，；！？]|["'`)\]}»”’>*\r\n]|$/;
/** What may stand before a name to set it off. */
const opening = /^[\s:"'`([{«“‘<*]+/;

/**
 * How far a statement names an agent: wholly; perhaps, where the text goes on behind a blank and may or may not belong to
 * the name; or not.
 */
export function statesName(text: string, identity: string): "yes" | "perhaps" | "no" {
  const [written, name] = [text.normalize("NFC"), identity.normalize("NFC")];
  const said = written.startsWith(name) ? written : written.replace(opening, "");
  if (name === "" || !said.startsWith(name)) return "no";
  const rest = said.slice(name.length);
  const next = rest.charAt(0);
  if (letter.test(next) || (/[.:/@]/.test(next) && letter.test(rest.charAt(1)))) return "no";
  return name.length >= said.search(end) ? "yes" : "perhaps";
}

function answerTo({ carrier, text, isFirst }: Statement, identity: string, { registry, policy }: Scene): Answer {
  const states = statesName(text, identity);
  if (states === "no") return noSign;
  const { kind, name } = roleOf(carrier, policy.programs, registry.holderNames);
  if (kind === "bystander" || kind === "reader") return noSign;
  const who = `${name} (pid ${carrier.pid})`;
  if (kind === "agent" && states === "yes" && isFirst)
    return live("attached-cli", () => `${who} states the name ${identity} in its arguments`);
  if (isRuledOut(policy, carrier)) return notApplicable(() => `${who} carries the name, and is not that agent, as an operator says`);
  return unknown("mentioned", () => `${who} carries the name ${identity}, and whether it is that agent cannot be told`);
}

/** An agent that states the entry's name where its format says that agents do. */
export const statedName: Sign = {
  name: "stated-name",
  shows: "session",
  ask: (scene) => {
    const { identity } = scene.claim;
    const { statedBehind } = scene.registry;
    if (identity === undefined || statedBehind === undefined) return noSign;
    const { mentions } = scene.evidence;
    if (!mentions.seen) return unknown("process-table-blind", mentions.why);
    let answer: Answer = noSign;
    for (const statement of mentions.value.statements) {
      if (statement.behind === statedBehind) answer = stronger(answer, answerTo(statement, identity, scene));
    }
    if (answer !== noSign) return answer;
    const table = wholeTable(scene);
    return table.seen ? unstated : unknown("process-table-blind", table.why);
  },
};
