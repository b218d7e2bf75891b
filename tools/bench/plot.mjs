// Cost over size, both on logarithmic scales: a straight line at 45° is linear.
const [width, height] = [720, 420];
const margin = { left: 80, right: 170, top: 30, bottom: 50 };
const colours = ["#b3261e", "#1f6feb", "#2da44e", "#8250df", "#9a6700", "#57606a"];

function ticks(from, to) {
  const list = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power += 1) list.push(10 ** power);
  return list;
}

/** Names of lines that end close together stand below one another. */
function spread(ends) {
  let above = { x: "", y: Number.NEGATIVE_INFINITY };
  return ends
    .toSorted((one, other) => one.x.localeCompare(other.x) || one.y - other.y)
    .map((end) => (above = { ...end, y: end.x === above.x ? Math.max(end.y, above.y + 14) : end.y }));
}

/** `points`: `{ name, size, cpu }`, cpu in seconds. */
export function plotCost(points) {
  const [xs, ys] = [points.map(({ size }) => size), points.map(({ cpu }) => cpu * 1000)];
  const [xTicks, yTicks] = [ticks(Math.min(...xs), Math.max(...xs)), ticks(Math.min(...ys), Math.max(...ys))];
  const scale = (value, list, from, to) => {
    const [low, high] = [Math.log10(list[0]), Math.log10(list.at(-1))];
    return from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  };
  const x = (value) => scale(value, xTicks, margin.left, width - margin.right).toFixed(1);
  const y = (value) => scale(value, yTicks, height - margin.bottom, margin.top).toFixed(1);
  const grid = [
    ...xTicks.map((value) => `<line x1="${x(value)}" y1="${margin.top}" x2="${x(value)}" y2="${height - margin.bottom}"/>`),
    ...yTicks.map((value) => `<line x1="${margin.left}" y1="${y(value)}" x2="${width - margin.right}" y2="${y(value)}"/>`),
  ];
  const labels = [
    ...xTicks.map(
      (value) => `<text x="${x(value)}" y="${height - margin.bottom + 18}" text-anchor="middle">${value.toLocaleString("en")}</text>`,
    ),
    ...yTicks.map(
      (value) => `<text x="${margin.left - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${value.toLocaleString("en")} ms</text>`,
    ),
    `<text x="${(margin.left + width - margin.right) / 2}" y="${height - 10}" text-anchor="middle">entries (dry run, CPU time)</text>`,
  ];
  const names = [...new Set(points.map(({ name }) => name))];
  const ends = [];
  const lines = names.flatMap((name, index) => {
    const own = points.filter((point) => point.name === name).toSorted((a, b) => a.size - b.size);
    const at = own.map(({ size, cpu }) => `${x(size)},${y(cpu * 1000)}`);
    const last = own.at(-1);
    const colour = colours[index % colours.length];
    ends.push({ x: x(last.size), y: Number(y(last.cpu * 1000)), name, colour });
    return [
      `<polyline points="${at.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...at.map((point) => `<circle cx="${point.split(",")[0]}" cy="${point.split(",")[1]}" r="3" fill="${colour}"/>`),
    ];
  });
  for (const { x: at, y: level, name, colour } of spread(ends))
    lines.push(`<text x="${Number(at) + 8}" y="${(level + 4).toFixed(1)}" fill="${colour}">${name}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<g stroke="#ddd">${grid.join("")}</g>
<g fill="#333">${labels.join("")}</g>
${lines.join("\n")}
</svg>
`;
}
