// SPDX-License-Identifier: Apache-2.0
import { stripTypeScriptTypes } from 'node:module';
import { parseSync } from 'oxc-parser';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** A way through the code, and where it begins. */
export interface Branch {
  readonly file: string;
  readonly line: number;
}

const LOOPS = new Set([
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
]);

/**
 * The same module with a counter at the start of each branch: function bodies and blocks, both sides of conditions (an `else` that is not
 * written too), the right side of `&&`, `||` and `??`, the cases of a switch. Line numbers stay. Types are taken away first, by Node.
 * @param counters name of the counters' array in the global object
 * @param branch gives each branch its number
 */
export function instrumented(
  file: string,
  source: string,
  counters: string,
  branch: (at: Branch) => number,
): string {
  const code = file.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  const { program, errors } = parseSync(file.replace(/\.ts$/, '.mjs'), code);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const lines = lineStarts(code);
  const count = (node: Node): string => `_fuzz[${branch({ file, line: lineOf(lines, node.start) })}]++`;
  const openings: Insert[] = [];
  const closings: Insert[] = [];
  const wrappers = new Map<Node, readonly [open: string, close: string]>();
  const wrapExpression = (node: Node) => wrappers.set(node, [`(${count(node)},`, ')']);
  const wrapStatement = (node: Node) => wrappers.set(node, [`{${count(node)};`, '}']);

  // Openings are noted on the way down and closings on the way up, so that those at one place are in the order they nest in.
  function visit(node: Node): void {
    const [open, close] = wrappers.get(node) ?? ['', ''];
    openings.push({ at: node.start, text: open });
    if (node.type === 'BlockStatement') openings.push({ at: node.start + 1, text: `${count(node)};` });
    wrapParts(node);
    for (const child of childrenOf(node)) visit(child);
    if (node.type === 'IfStatement' && node.alternate === null) {
      closings.push({ at: node.end, text: ` else{${count(node)}}` });
    }
    closings.push({ at: node.end, text: close });
  }

  function wrapParts(node: Node): void {
    const { body, consequent, alternate, right } = node as unknown as Parts;
    if (node.type === 'ArrowFunctionExpression' && body.type !== 'BlockStatement') wrapExpression(body);
    if (node.type === 'ConditionalExpression' && !Array.isArray(consequent)) {
      wrapExpression(consequent as Node);
      if (alternate !== null) wrapExpression(alternate);
    }
    if (node.type === 'LogicalExpression') wrapExpression(right);
    if (node.type === 'IfStatement') {
      wrapStatement(consequent as Node);
      if (alternate !== null) wrapStatement(alternate);
    }
    if (LOOPS.has(node.type)) wrapStatement(body);
    if (node.type === 'SwitchCase') {
      const [first] = consequent as readonly Node[];
      if (first !== undefined) openings.push({ at: first.start, text: `${count(first)};` });
    }
  }

  visit(program as unknown as Node);
  const prologue = `const _fuzz=globalThis[${JSON.stringify(counters)}];`;
  return prologue + applied(code, [...closings, ...openings]);
}

interface Insert {
  readonly at: number;
  readonly text: string;
}

interface Parts {
  readonly body: Node;
  readonly consequent: Node | readonly Node[];
  readonly alternate: Node | null;
  readonly right: Node;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => typeof value === 'object' && value !== null && 'type' in value);
}

/** Sorting is stable: what closes at a place stands before what opens there. */
function applied(code: string, inserts: readonly Insert[]): string {
  let at = 0;
  let result = '';
  for (const insert of inserts.toSorted((a, b) => a.at - b.at)) {
    result += code.slice(at, insert.at) + insert.text;
    at = insert.at;
  }
  return result + code.slice(at);
}

function lineStarts(code: string): number[] {
  const starts = [0];
  for (let at = code.indexOf('\n'); at >= 0; at = code.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  const after = starts.findIndex((start) => start > offset);
  return after < 0 ? starts.length : after;
}
