import { type Palette, visible } from "../visible.ts";
import { cutMiddle, cutPath } from "./cut.ts";
import type { Screen } from "./screen.ts";

export type Column = {
  /** Stands in the head line. */
  readonly head: string;
  readonly align?: "right";
  /** Cells that it takes at most; without it as many as its widest text. */
  readonly most?: number;
  /** Where the screen is too narrow, it shrinks to so few cells. */
  readonly least?: number;
  /** Shrinks first; where even its least does not fit, and where it is empty, the column is left out. */
  readonly droppable?: true;
  readonly cut?: "middle" | "path";
  /** Blanks behind it; two without it. */
  readonly gap?: number;
  /** The role in which its texts are printed, where a cell says nothing else. */
  readonly role?: keyof Palette;
};

/** A text of a registry or of ours; it is made visible here. What is `shorter` stands in where it does not fit. */
export type Cell = string | { readonly text: string; readonly role?: keyof Palette; readonly shorter?: string };

/** A row is one line, and more only where the screen is too narrow for all of its columns. */
export type Table = { readonly head: string; readonly rows: readonly (readonly string[])[] };

/** No text of a cell is longer, even where nothing is cut: a key can have megabytes. */
const longestCell = 4096;
/** Where nothing is cut, wider texts are left to stand out, and the others are lined up. */
const widestLinedUp = 64;
/** Blanks before a cell that has a line of its own. */
const indent = 4;

type Shape = Column & { readonly index: number; readonly cells: number };

const gapOf = ({ gap = 2 }: Column): number => gap;

function totalOf(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, shape, at) => sum + shape.cells + (at === shapes.length - 1 ? 0 : gapOf(shape)), 0);
}

/** Takes from a column what the line is too wide by, down to its least. */
function shrink(shapes: readonly Shape[], wanted: Shape, columns: number): readonly Shape[] {
  const over = totalOf(shapes) - columns;
  if (over <= 0) return shapes;
  const cells = Math.max(Math.min(wanted.least ?? wanted.cells, wanted.cells), wanted.cells - over);
  return shapes.map((shape) => (shape.index === wanted.index ? { ...shape, cells } : shape));
}

type Shapes = {
  readonly beside: readonly Shape[];
  /** Columns for which the line has no room at all: each of their cells is a line below the row. */
  readonly below: readonly number[];
};

/** Columns go below from the right, and as few as can be, for what a row is about stands to the left. */
function shapesIn(columns: readonly Column[], texts: readonly (readonly string[])[], screen: Screen): Shapes {
  const { columns: width = Number.POSITIVE_INFINITY } = screen;
  let count = columns.length;
  let beside = shapesFor(columns, texts, screen);
  while (totalOf(beside) > width && count > 1) {
    count -= 1;
    beside = shapesFor(columns.slice(0, count), texts, screen);
  }
  return { beside, below: Array.from({ length: columns.length - count }, (_, at) => count + at) };
}

function shapesFor(columns: readonly Column[], texts: readonly (readonly string[])[], screen: Screen): readonly Shape[] {
  const { columns: width, widthOf } = screen;
  let shapes: readonly Shape[] = columns.map((column, index) => {
    const widest = texts.reduce((most, row) => Math.max(most, widthOf(row[index] ?? "")), widthOf(column.head));
    return { ...column, index, cells: Math.min(widest, width === undefined ? widestLinedUp : (column.most ?? widest)) };
  });
  shapes = shapes.filter(({ droppable, index }) => droppable !== true || texts.some((row) => (row[index] ?? "") !== ""));
  if (width === undefined) return shapes;
  for (const droppable of shapes.filter((shape) => shape.droppable === true)) {
    shapes = shrink(shapes, droppable, width);
    if (totalOf(shapes) > width) shapes = shapes.filter(({ index }) => index !== droppable.index);
  }
  // From the right: what a row is about stands to the left.
  for (const one of shapes.toReversed()) shapes = shrink(shapes, shapes.find(({ index }) => index === one.index) ?? one, width);
  return shapes;
}

type Shown = { readonly text: string; readonly shorter: string | undefined; readonly role: keyof Palette | undefined };

function fit({ text, shorter }: Shown, { cut, cells }: Shape, screen: Screen): string {
  if (screen.columns === undefined || screen.widthOf(text) <= cells) return text;
  return (cut === "path" && shorter === undefined ? cutPath : cutMiddle)(shorter ?? text, cells, screen);
}

function line(cells: readonly Shown[], shapes: readonly Shape[], screen: Screen, palette: Palette): string {
  const { widthOf } = screen;
  const nothing: Shown = { text: "", shorter: undefined, role: undefined };
  const fitted = shapes.map((shape) => {
    const cell = cells[shape.index] ?? nothing;
    return { text: fit(cell, shape, screen), role: cell.role };
  });
  const last = fitted.findLastIndex(({ text }) => text !== "");
  return fitted
    .slice(0, last + 1)
    .map(({ text, role }, at) => {
      const shape = shapes[at] as Shape;
      const blanks = " ".repeat(Math.max(0, shape.cells - widthOf(text)));
      const said = role === undefined || text.trim() === "" ? text : palette[role](text);
      const padded = shape.align === "right" ? `${blanks}${said}` : at === last ? said : `${said}${blanks}`;
      return at === last ? padded : `${padded}${" ".repeat(gapOf(shape))}`;
    })
    .join("");
}

/** The cells of a row that have lines of their own. */
function linesBelow(cells: readonly Shown[], below: readonly number[], screen: Screen, palette: Palette): readonly string[] {
  return below.flatMap((index) => {
    const { text, role } = cells[index] ?? { text: "", role: undefined };
    if (text === "") return [];
    const shown = cutMiddle(text, Math.max(1, (screen.columns ?? Number.POSITIVE_INFINITY) - indent), screen);
    return [`${" ".repeat(indent)}${role === undefined ? shown : palette[role](shown)}`];
  });
}

/**
 * Lines up rows of cells below a head line, within the width of the screen. Rows keep their order, so that a caller can put
 * other lines between them.
 */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], screen: Screen, palette: Palette): Table {
  const shown = rows.map((row) =>
    row.map((cell, index): Shown => {
      const { text, shorter, role = columns[index]?.role } = typeof cell === "string" ? { text: cell } : cell;
      return { text: visible(text, longestCell), shorter: shorter && visible(shorter), role };
    }),
  );
  const { beside, below } = shapesIn(
    columns,
    shown.map((row) => row.map(({ text }) => text)),
    screen,
  );
  const heads = columns.map(({ head }) => ({ text: head, shorter: undefined, role: "faint" as const }));
  return {
    head: line(heads, beside, screen, palette),
    rows: shown.map((row) => [line(row, beside, screen, palette), ...linesBelow(row, below, screen, palette)]),
  };
}
