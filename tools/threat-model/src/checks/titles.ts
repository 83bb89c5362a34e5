// SPDX-License-Identifier: Apache-2.0
import { parseSync } from 'oxc-parser';

const RUNNERS = new Set(['it', 'test', 'describe']);

export type Node = Readonly<Record<string, unknown>>;

/**
 * Titles in a test file: the first argument of it, test and describe, also behind `.each(…)` and the like. Where a template fills
 * something in, the title has an ellipsis.
 */
export function testTitles(file: string, source: string): Set<string> {
  return new Set(testsOf(file, source).keys());
}

/**
 * Titles in a test file, each with whether it is run everywhere and must hold: `skip`, `todo`, `runIf` and `skipIf` before it, around it or
 * among its options say that it is not, and `fails` that it passes when it does not hold.
 */
export function testsOf(file: string, source: string): Map<string, boolean> {
  const tests = new Map<string, boolean>();
  const collect = (value: unknown, everywhere: boolean): void =>
    visit(value, (node) => {
      const title = node.type === 'CallExpression' ? titleOf(node) : undefined;
      if (title === undefined) return true;
      const here = everywhere && !isConditional(node.callee) && !hasConditions(node);
      tests.set(title, here && (tests.get(title) ?? true));
      collect(node.callee, everywhere);
      collect((node.arguments as readonly Node[]).slice(1), here);
      return false;
    });
  collect(parseSync(file, source).program, true);
  return tests;
}

/** Title of a call of it, test or describe; undefined for any other. */
export function titleOf(call: Node): string | undefined {
  return RUNNERS.has(runner(call.callee)) ? textOf((call.arguments as readonly Node[])[0]) : undefined;
}

/** @param seen says whether to go on into what the node holds */
function visit(value: unknown, seen: (node: Node) => boolean): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, seen);
    return;
  }
  const node = value as Node;
  if (typeof node.type === 'string' && !seen(node)) return;
  for (const member of Object.values(node)) visit(member, seen);
}

const CONDITIONS = new Set(['fails', 'runIf', 'skip', 'skipIf', 'todo']);

/** `it.skip`, `it.runIf(…)`, `describe.skipIf(…).each(…)`. */
function isConditional(callee: unknown): boolean {
  const node = callee as Node | undefined;
  if (node?.type === 'CallExpression') return isConditional(node.callee);
  if (node?.type !== 'MemberExpression') return false;
  const { name } = node.property as { readonly name?: string };
  return CONDITIONS.has(name ?? '') || isConditional(node.object);
}

/** `it('…', { skip: … }, …)`, and options that are not written out. */
function hasConditions(call: Node): boolean {
  const [, options] = call.arguments as readonly Node[];
  if (options?.type !== 'ObjectExpression') return false;
  return (options.properties as readonly Node[]).some(({ type, computed, key }) => {
    if (type !== 'Property' || computed === true) return true;
    const { name, value } = key as { readonly name?: string; readonly value?: unknown };
    return CONDITIONS.has(name ?? String(value));
  });
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
