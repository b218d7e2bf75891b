// A source file with all of its mutants in it, each asleep until it is chosen: so that a run loads everything once.
import { createHash } from "node:crypto";
import { findMutants } from "./mutants.mjs";

/** Which of the mutants take part: one in `every`, and of those the `shard`th part; the same ones under the same seed. */
function isChosen(id, { seed, every, shard, shards }) {
  const number = createHash("sha256").update(`${seed} ${id}`).digest().readUInt32LE();
  return number % every === 0 && Math.floor(number / every) % shards === shard;
}

export function mutantsOf(file, source, choice) {
  const counts = new Map();
  return findMutants(source, choice.strict)
    .mutants.map((mutant) => {
      const line = source.slice(0, mutant.start).split("\n").length;
      // Named by what stands there, not by its number, so that a list of survivors outlives an edit elsewhere in the file.
      const was = source.slice(mutant.start, mutant.end).replaceAll(/\s+/g, " ").slice(0, 60);
      const now = mutant.text.replaceAll(/\s+/g, " ").slice(0, 60);
      const name = `${file} ${mutant.kind}: ${was || source.split("\n")[line - 1].trim().slice(0, 60)} → ${now || "nothing"}`;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return { ...mutant, line, id: count === 1 ? name : `${name} (${count})` };
    })
    .filter(({ id }) => isChosen(id, choice));
}

function wrap(mutants, inner) {
  const chosen = mutants.filter(({ kind }) => kind !== "statement left out");
  const expression = chosen.reduceRight((rest, { id, text }) => `$m(${JSON.stringify(id)})?(${text}):${rest}`, `(${inner})`);
  const whole = chosen.length === 0 ? inner : `(${expression})`;
  const left = mutants.find(({ kind }) => kind === "statement left out");
  return left === undefined ? whole : `{if(!$m(${JSON.stringify(left.id)})){${whole}}}`;
}

/** The instrumented text. Loops count their turns, so that a mutant that never ends is noticed. */
export function instrument(file, source, choice) {
  const spans = new Map();
  for (const mutant of mutantsOf(file, source, choice)) {
    const place = `${mutant.start}-${mutant.end}`;
    spans.set(place, { start: mutant.start, end: mutant.end, mutants: [...(spans.get(place)?.mutants ?? []), mutant] });
  }
  for (const { start, end, type } of findMutants(source, false).bodies) {
    spans.set(`loop ${start}`, { start, end, mutants: [], loop: type === "BlockStatement" ? "block" : "statement" });
  }
  const list = [...spans.values()].toSorted((a, b) => a.start - b.start || b.end - a.end);

  function render(start, end, from) {
    let [out, at, next] = ["", start, from];
    while (next < list.length && list[next].start < end) {
      const span = list[next];
      const [inner, after] = render(span.start, span.end, next + 1);
      out += source.slice(at, span.start);
      if (span.loop !== undefined) out += span.loop === "block" ? `{$t();${inner.slice(1)}` : `{$t();${inner}}`;
      else if (span.start === span.end) out += span.mutants.map(({ id }) => `if($m(${JSON.stringify(id)}))return;`).join("");
      else out += wrap(span.mutants, inner);
      [at, next] = [span.end, after];
    }
    return [out + source.slice(at, end), next];
  }
  return render(0, source.length, 0)[0];
}
