// SPDX-License-Identifier: Apache-2.0
import { parseSync } from 'oxc-parser';

const RUNNERS = new Set(['it', 'test', 'describe']);

export type Node = Readonly<Record<string, unknown>>;

/**
 * Titles in a test file: the first argument of it, test and describe, also behind `.each(…)` and the like. Where a template fills
 * something in, the title has an ellipsis.
 */
export function testTitles(file: string, source: string): Set<string> {
  const titles = new Set<string>();
  visit(parseSync(file, source).program as unknown, (node) => {
    const title = node.type === 'CallExpression' ? titleOf(node) : undefined;
    if (title !== undefined) titles.add(title);
  });
  return titles;
}

/** Title of a call of it, test or describe; undefined for any other. */
export function titleOf(call: Node): string | undefined {
  return RUNNERS.has(runner(call.callee)) ? textOf((call.arguments as readonly Node[])[0]) : undefined;
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, seen);
    return;
  }
  const node = value as Node;
  if (typeof node.type === 'string') seen(node);
  for (const member of Object.values(node)) visit(member, seen);
}

/** `it` of `it(…)`, `it.each(…)(…)` and `it.runIf(…).skip(…)`. */
export function runner(callee: unknown): string {
  const node = callee as Node | undefined;
  if (node?.type === 'Identifier') return String(node.name);
  if (node?.type === 'MemberExpression') return runner(node.object);
  return node?.type === 'CallExpression' ? runner(node.callee) : '';
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral') return undefined;
  const parts = node.quasis as readonly { readonly value: { readonly cooked: string } }[];
  return parts.map(({ value }) => value.cooked).join('…');
}
