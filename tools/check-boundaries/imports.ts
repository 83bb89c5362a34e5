// SPDX-License-Identifier: Apache-2.0
import { parseSync, Visitor } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/**
 * Every module a source names: static imports and re-exports (type-only ones too, since a type may carry
 * a design dependency), `import()`, and `require()`. A dynamic specifier that is not a literal is
 * reported as `(computed)`, which no rule allows, and so is the name of what hands out built-in modules without an import.
 */
export function importsOf(file: string, source: string): Import[] {
  const { program, module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message ?? 'cannot be parsed'}`);
  const at = (offset: number) => source.slice(0, offset).split('\n').length;
  const found: Import[] = [];
  for (const i of module.staticImports) found.push({ specifier: i.moduleRequest.value, line: at(i.start) });
  for (const e of module.staticExports)
    for (const entry of e.entries)
      if (entry.moduleRequest) found.push({ specifier: entry.moduleRequest.value, line: at(e.start) });
  for (const d of module.dynamicImports) {
    const text = source.slice(d.moduleRequest.start, d.moduleRequest.end);
    const literal = /^(['"`])([^'"`$]+)\1$/.exec(text)?.[2];
    found.push({ specifier: literal ?? '(computed)', line: at(d.start) });
  }
  new Visitor({
    CallExpression({ callee, arguments: [given], start }) {
      if (callee.type !== 'Identifier' || callee.name !== 'require' || given === undefined) return;
      const text = given.type === 'Literal' && typeof given.value === 'string' ? given.value : undefined;
      found.push({ specifier: text ?? '(computed)', line: at(start) });
    },
    Identifier({ name, start }) {
      if (HANDS_OUT.test(name)) found.push({ specifier: '(computed)', line: at(start) });
    },
    Literal({ value, start }) {
      if (typeof value === 'string' && HANDS_OUT.test(value))
        found.push({ specifier: '(computed)', line: at(start) });
    },
  }).visit(program);
  return found;
}

/** Of `process`: gives built-in modules to whoever has their name. */
const HANDS_OUT = /^(?:getBuiltinModule|_linkedBinding)$/;
