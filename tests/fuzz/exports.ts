// SPDX-License-Identifier: Apache-2.0
import { parseSync } from 'oxc-parser';

/** What untrusted input arrives as. A function that takes one of these is a reader until somebody says why not. */
const INPUT =
  /\b(?:Uint8Array|Buffer|string|unknown|Bytes|Asn1Element|CborValue|DecodedCbor|AsyncIterable|Duplex)\b/;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

export interface Exported {
  /** Functions as `file#name`; public methods of classes, constructors included, as `file#Class.method`. */
  readonly name: string;
  /** Whether a parameter is bytes, text, or what a decoder made of them. */
  readonly reads: boolean;
}

/** Functions and methods that a module exports. */
export function exportsOf(file: string, source: string): Exported[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const text = (node: Node): string => source.slice(node.start, node.end);
  const takesInput = (fn: Node): boolean =>
    (fn.params as readonly Node[]).some((parameter) => INPUT.test(typed(parameter, text)));
  const found: Exported[] = [];
  const add = (id: unknown, fn: Node) => found.push({ name: nameOf(id), reads: takesInput(fn) });
  for (const statement of program.body as unknown as readonly Node[]) {
    const declaration =
      statement.type === 'ExportNamedDeclaration' ? (statement.declaration as Node | null) : null;
    if (declaration === null) continue;
    if (declaration.type === 'FunctionDeclaration') add(declaration.id, declaration);
    if (declaration.type === 'VariableDeclaration') {
      for (const { id, init } of declaration.declarations as readonly { id: Node; init: Node | null }[]) {
        if (init?.type === 'ArrowFunctionExpression') add(id, init);
      }
    }
    if (declaration.type === 'ClassDeclaration') found.push(...methodsOf(declaration, takesInput));
  }
  return found.map(({ name, reads }) => ({ name: `${file}#${name}`, reads }));
}

function methodsOf(declaration: Node, takesInput: (fn: Node) => boolean): Exported[] {
  const { body } = declaration.body as { readonly body: readonly Node[] };
  return body
    .filter(({ type, key }) => type === 'MethodDefinition' && (key as Node).type === 'Identifier')
    .map(({ key, value }) => ({
      name: `${nameOf(declaration.id)}.${nameOf(key)}`,
      reads: takesInput(value as Node),
    }));
}

/** The type of a parameter as it is written, its members where it is a pattern. */
function typed(parameter: Node, text: (node: Node) => string): string {
  const target = parameter.type === 'AssignmentPattern' ? (parameter.left as Node) : parameter;
  const annotation = target.typeAnnotation as Node | null | undefined;
  return annotation === null || annotation === undefined ? 'unknown' : text(annotation);
}

const nameOf = (id: unknown): string => (id as { readonly name: string }).name;
