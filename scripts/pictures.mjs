// Draws the pictures of the README: a dry run on the shipped example, from what the tool really prints, and the ladder,
// from what its rungs say of themselves. `--check` fails when a checked-in picture differs.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundleTool } from "./bundle.mjs";
import { checkedIn } from "./checked-in.mjs";
import { importSource } from "./source.mjs";

const [letter, lineHeight, margin] = [8.1, 20, 16];
const mono = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13.5"';
const sans = 'font-family="system-ui, -apple-system, Segoe UI, sans-serif"';
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The day on which the picture is taken: the example's times are moved, for nobody can move the clock. */
const takenAt = Date.parse("2026-06-01T00:00:00Z");
const isoTime = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g;

function dryRun() {
  const scratch = mkdtempSync(join(tmpdir(), "sessreap-picture-"));
  try {
    mkdirSync(join(scratch, "examples"));
    const moved = readFileSync("examples/registrations.json", "utf8").replaceAll(isoTime, (text) => {
      return new Date(Date.parse(text) + Date.now() - takenAt).toISOString();
    });
    writeFileSync(join(scratch, "examples/registrations.json"), moved);
    const monthAgo = Date.now() / 1000 - 30 * 86_400;
    utimesSync(join(scratch, "examples/registrations.json"), monthAgo, monthAgo);
    // No app server of this machine takes part.
    const nowhere = `unix://${scratch}/nowhere.sock`;
    // What the kernel says of its clock is asked through perl: on the machine of the picture it is synchronised.
    writeFileSync(join(scratch, "perl"), "#!/bin/sh\nprintf yes\n", { mode: 0o755 });
    const env = {
      PATH: `${scratch}:${process.env.PATH}`,
      HOME: scratch,
      LANG: "C.UTF-8",
      CODEX_APP_SERVER_URL: nowhere,
      SESSREAP_PID_NAMESPACE: "own",
    };
    const words = ["--dry-run", "--color", "always", "--registry", "examples/registrations.json"];
    const said = execFileSync(process.execPath, [resolve("dist/sessreap.cjs"), ...words], { cwd: scratch, env, encoding: "utf8" });
    return said.replaceAll(`${scratch}/`, "");
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const colours = { 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341" };

/** A line with colours, as the spans of a picture. */
function spans(line) {
  const style = { fill: "#e6edf3", weight: "normal", opacity: 1 };
  const drawn = [];
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    const code = /^\u001b\[(\d+)m$/.exec(part)?.[1];
    if (code === undefined) {
      if (part !== "")
        drawn.push(`<tspan fill="${style.fill}" font-weight="${style.weight}" fill-opacity="${style.opacity}">${escape(part)}</tspan>`);
    } else if (code === "1") style.weight = "bold";
    else if (code === "2") style.opacity = 0.65;
    else if (code === "22") Object.assign(style, { weight: "normal", opacity: 1 });
    else if (code === "39") style.fill = "#e6edf3";
    else if (Object.hasOwn(colours, code)) style.fill = colours[code];
    else throw new Error(`the tool prints a style that the picture does not know: ${code}`);
  }
  return drawn.join("");
}

function terminal(command, output) {
  const lines = [`$ ${command}`, ...output.trimEnd().split("\n")];
  const longest = Math.max(...lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, "").length));
  const [width, height] = [Math.ceil(longest * letter) + 2 * margin, lines.length * lineHeight + 2 * margin + 22];
  const texts = lines.map(
    (line, index) => `<text x="${margin}" y="${margin + 36 + index * lineHeight}" xml:space="preserve">${spans(line)}</text>`,
  );
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
    (fill, index) => `<circle cx="${margin + 4 + index * 18}" cy="${margin}" r="5.5" fill="${fill}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="What sessreap --dry-run prints of the shipped example">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
${dots.join("\n")}
<g ${mono}>
${texts.join("\n")}
</g>
</svg>
`;
}

function folded(text, widest) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== "" && last.length + 1 + word.length > widest) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** The rungs one under the other; what a rung of its role can answer leads to the right. */
function ladderPicture(ladder) {
  const [width, step, box] = [860, 104, 78];
  const answers = {
    gate: [["undecided", "not yet: kept"]],
    evidence: [
      ["live", "a sign of life: kept"],
      ["undecided", "could not look: kept"],
      ["ghost", "gone: reaped"],
    ],
    "last-resort": [
      ["undecided", "not yet: kept"],
      ["ghost", "silent too long: reaped"],
    ],
  };
  const ink = { live: "#1a7f37", undecided: "#9a6700", ghost: "#cf222e" };
  const rungs = ladder.map(({ name, role, rule }, index) => {
    const top = 16 + index * step;
    const rows = folded(rule, 66).map(
      (line, row) => `<text x="32" y="${top + 46 + row * 17}" font-size="13" fill="#57606a">${escape(line)}</text>`,
    );
    const ends = answers[role].map(([verdict, said], row) => {
      const y = top + 24 + row * 22;
      return `<path d="M 520 ${top + box / 2} C 556 ${top + box / 2} 556 ${y - 4} 588 ${y - 4}" fill="none" stroke="${ink[verdict]}" stroke-width="1.5"/>
<text x="596" y="${y}" font-size="13" fill="${ink[verdict]}"><tspan font-weight="bold">${verdict}</tspan> ${escape(said)}</text>`;
    });
    const next =
      index === ladder.length - 1
        ? ""
        : `<path d="M 268 ${top + box} V ${top + step - 6}" stroke="#57606a" stroke-width="1.5" marker-end="url(#tip)"/>`;
    return `<rect x="16" y="${top}" width="504" height="${box}" rx="8" fill="#f6f8fa" stroke="#d0d7de"/>
<text x="32" y="${top + 25}" font-size="15" font-weight="bold" fill="#1f2328">${index + 1}  ${escape(name)}</text>
${[...rows, ...ends, next].join("\n")}`;
  });
  const height = 16 + ladder.length * step;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The ladder: ${ladder.length} questions, asked in this order" ${sans}>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" fill="#57606a"/></marker></defs>
<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>
${rungs.join("\n")}
</svg>
`;
}

await bundleTool();
checkedIn("docs/dry-run.svg", terminal("sessreap --dry-run --registry examples/registrations.json", dryRun()));
checkedIn("docs/ladder.svg", ladderPicture((await importSource("src/core/ladder.ts")).ladder));
