// Every way in which one small part of a source file can be wrong, found in its syntax tree: the mutators of StrykerJS, as
// far as they break a decision. Types are left alone, and so are sentences: what a detail says to a person is no decision.
// `strict` ones go further: halves of a condition, and numbers that are off by one.
import { parseAst } from "vitest/node";

const comparisons = { "===": ["!=="], "!==": ["==="], "<": ["<=", ">="], ">": [">=", "<="], "<=": ["<", ">"], ">=": [">", "<"] };
const arithmetic = { "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "|": ["&"], "&": ["|"] };
/** Methods by what they are easily mistaken for; an empty name takes the call away. */
const methods = {
  some: "every",
  every: "some",
  filter: "",
  toSorted: "",
  trim: "",
  toLowerCase: "",
  startsWith: "endsWith",
  endsWith: "startsWith",
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
  find: "findLast",
  findIndex: "findLastIndex",
  indexOf: "lastIndexOf",
  lastIndexOf: "indexOf",
};
const untyped = new Set(["typeAnnotation", "typeParameters", "returnType", "typeArguments", "superTypeArguments"]);
const wrappers = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"]);
const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const loops = new Set(["WhileStatement", "DoWhileStatement", "ForStatement", "ForOfStatement", "ForInStatement"]);

/** @returns mutants as `{ start, end, text, kind }`, and where loops can be counted. */
export function findMutants(source, strict) {
  const mutants = [];
  const bodies = [];
  const text = (node) => source.slice(node.start, node.end);
  const add = (node, kind, ...replacements) => {
    for (const replacement of replacements) mutants.push({ start: node.start, end: node.end, text: replacement, kind });
  };

  const condition = (node) => {
    if (node !== null && node.type !== "Literal") add(node, "condition", "true", "false");
  };
  const between = (node, kind, table) => {
    for (const operator of table[node.operator] ?? []) add(node, kind, `(${text(node.left)}) ${operator} (${text(node.right)})`);
  };

  const call = (node) => {
    const { callee } = node;
    if (callee.type !== "MemberExpression" || callee.computed || callee.optional) return;
    const { name } = callee.property;
    // `toString` is a name that every object knows.
    if (!Object.hasOwn(methods, name)) return;
    const other = methods[name];
    const object = text(callee.object);
    if (other === "") add(node, `without .${name}`, object);
    else add(node, "method", `${object}.${other}${source.slice(callee.property.end, node.end)}`);
  };

  const literal = (node) => {
    if (typeof node.value === "boolean") add(node, "boolean", String(!node.value));
    else if (typeof node.value === "number") add(node, "strict number", String(node.value + 1));
    else if (typeof node.value === "string" && node.value !== "" && !/\s/.test(node.value)) add(node, "string", '""');
    else if (node.regex !== undefined && /^\^|\$$/.test(node.regex.pattern)) {
      const { pattern, flags } = node.regex;
      if (pattern.startsWith("^")) add(node, "regex", `/${pattern.slice(1)}/${flags}`);
      if (pattern.endsWith("$")) add(node, "regex", `/${pattern.slice(0, -1)}/${flags}`);
    }
  };

  const visitors = {
    IfStatement: (node) => condition(node.test),
    ConditionalExpression: (node) => condition(node.test),
    WhileStatement: (node) => add(node.test, "condition", "false"),
    DoWhileStatement: (node) => add(node.test, "condition", "false"),
    ForStatement: (node) => node.test !== null && add(node.test, "condition", "false"),
    BinaryExpression: (node) => {
      between(node, "comparison", comparisons);
      // What is joined to a text is no sum.
      const isText = [node.left, node.right].some(({ type, value }) => type === "TemplateLiteral" || typeof value === "string");
      if (!isText) between(node, "arithmetic", arithmetic);
    },
    LogicalExpression: (node) => {
      const [left, right] = [`(${text(node.left)})`, `(${text(node.right)})`];
      if (node.operator === "??") add(node, "logic", left);
      else add(node, "logic", `${left} ${node.operator === "&&" ? "||" : "&&"} ${right}`);
      add(node, "strict half", left, right);
    },
    ArrayExpression: (node) => node.elements.length > 0 && add(node, "array", "[]"),
    ObjectExpression: (node) => node.properties.length > 0 && add(node, "object", "{}"),
    ChainExpression: (node) =>
      add(
        node,
        "chain",
        text(node)
          .replace(/\?\.(?=[[(])/, "")
          .replace("?.", "."),
      ),
    UnaryExpression: (node) => node.operator === "!" && add(node, "negation", `(${text(node.argument)})`),
    UpdateExpression: (node) =>
      add(node, "update", node.operator === "++" ? text(node).replace("++", "--") : text(node).replace("--", "++")),
    AssignmentExpression: (node) => {
      const turned = { "+=": "-=", "-=": "+=" }[node.operator];
      if (turned !== undefined) add(node, "assignment", `${text(node.left)} ${turned} (${text(node.right)})`);
    },
    CallExpression: call,
    Literal: literal,
  };

  function visit(node, key) {
    if (node === null || typeof node !== "object") return;
    if (Array.isArray(node)) {
      for (const one of node) visit(one, key);
      return;
    }
    const { type } = node;
    if (typeof type !== "string" || untyped.has(key) || type.startsWith("Import")) return;
    // An interpolated text is a sentence; what it is made of is reported, not decided.
    if (type === "TemplateLiteral" || (type.startsWith("TS") && !wrappers.has(type))) return;
    visitors[type]?.(node);
    if (functions.has(type) && node.body?.type === "BlockStatement" && node.body.body.length > 0)
      mutants.push({ start: node.body.start + 1, end: node.body.start + 1, text: "", kind: "function does nothing" });
    if (type === "ExpressionStatement" && !node.directive)
      mutants.push({ start: node.start, end: node.end, text: "", kind: "statement left out" });
    if (loops.has(type)) bodies.push(node.body);
    for (const [name, child] of Object.entries(node)) {
      if (
        name === "type" ||
        (type === "Property" && name === "key" && !node.computed) ||
        (type === "MemberExpression" && name === "property" && !node.computed)
      )
        continue;
      visit(child, name);
    }
  }
  visit(parseAst(source, { lang: "ts" }).body, "body");
  return { mutants: strict ? mutants : mutants.filter(({ kind }) => !kind.startsWith("strict")), bodies };
}
