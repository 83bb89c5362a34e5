// SPDX-License-Identifier: Apache-2.0
import { parseSync, Visitor } from 'oxc-parser';

/** A place where something that is named like a secret is compared. */
export interface Comparison {
  readonly line: number;
  /** As it stands in the source, on one line. */
  readonly text: string;
}

/** What a name ends with when it holds a secret, or something that a guess is checked against. */
const WORDS: ReadonlySet<string> = new Set([
  ...['mac', 'hmac', 'macs', 'secret', 'secrets', 'token', 'tokens', 'signature', 'password', 'passphrase'],
  ...['credential', 'credentials'],
]);
/** Whole names, for those whose last word is worn out. */
const NAMES: ReadonlySet<string> = new Set([
  ...[
    'secretHash',
    'hashSecret',
    'hashOfSecret',
    'dataKey',
    'privateKey',
    'privateKeys',
    'apiKey',
    'sharedKey',
    'sharedSecret',
  ],
  ...['authTag', '_mac', '_kh', 'plaintext', 'secretAccessKey', 'sessionToken', 'authorization'],
]);

const CONSTANT_TIME = 'timingSafeEqual';
const OPERATORS: ReadonlySet<string> = new Set(['===', '!==', '==', '!=', '<', '>', '<=', '>=']);
/** Methods and functions that compare, and return at the first difference. */
const METHODS: ReadonlySet<string> = new Set([
  ...['equals', 'compare', 'localeCompare', 'includes', 'indexOf', 'lastIndexOf', 'startsWith', 'endsWith'],
  ...['is', 'isDeepStrictEqual', 'deepStrictEqual', 'strictEqual', 'deepEqual', 'equal'],
]);

type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>;

/**
 * Every comparison of a source whose sides include something named like a secret, and that is not against nothing: `undefined`, `null`,
 * a boolean, a number, an empty text, a kind (`typeof`). A name says what is meant, not what is: a secret under another name is not
 * seen. So names of secrets end as secrets do, which reviewers see.
 */
export function comparisonsOf(file: string, source: string): Comparison[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message ?? 'cannot be parsed'}`);
  const found: Comparison[] = [];
  const tell = ({ start, end }: Node): void => {
    const text = source.slice(start, end).replace(/\s+/g, ' ');
    found.push({ line: source.slice(0, start).split('\n').length, text });
  };
  new Visitor({
    BinaryExpression(node) {
      const { operator, left, right } = node as unknown as { operator: string; left: Node; right: Node };
      if (!OPERATORS.has(operator) || isNothing(left) || isNothing(right)) return;
      if (isSecret(left) || isSecret(right)) tell(node as unknown as Node);
    },
    CallExpression(node) {
      const { callee, arguments: given } = node as unknown as { callee: Node; arguments: Node[] };
      const name = callee.type === 'MemberExpression' ? nameOf(callee.property as Node) : nameOf(callee);
      if (name === undefined || !METHODS.has(name)) return;
      const sides = callee.type === 'MemberExpression' ? [callee.object as Node, ...given] : given;
      if (sides.some(isSecret)) tell(node as unknown as Node);
    },
    SwitchStatement(node) {
      const { discriminant, cases } = node as unknown as {
        discriminant: Node;
        cases: { test: Node | null }[];
      };
      if (isSecret(discriminant)) tell(discriminant);
      for (const { test } of cases) if (test !== null && isSecret(test)) tell(test);
    },
  }).visit(program);
  return found;
}

/** Whether a source uses timingSafeEqual itself, under whatever name. */
export function comparesItself(file: string, source: string): boolean {
  if (!source.includes(CONSTANT_TIME)) return false;
  const { program, module } = parseSync(file, source);
  const imported = module.staticImports.some(({ entries }) =>
    entries.some(({ importName }) => importName.name === CONSTANT_TIME),
  );
  let member = false;
  new Visitor({
    MemberExpression({ property }) {
      if (nameOf(property as unknown as Node) === CONSTANT_TIME) member = true;
    },
  }).visit(program);
  return imported || member;
}

/** Nothing that a secret could be guessed against. */
function isNothing(node: Node): boolean {
  if (node.type === 'Identifier') return node.name === 'undefined';
  if (node.type === 'UnaryExpression') return node.operator === 'typeof' || node.operator === '-';
  return node.type === 'Literal' && (typeof node.value !== 'string' || node.value === '');
}

function isSecret(node: Node): boolean {
  switch (node.type) {
    case 'ChainExpression':
    case 'ParenthesizedExpression':
    case 'TSNonNullExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSTypeAssertion':
    case 'SpreadElement':
    case 'AwaitExpression':
      return isSecret((node.expression ?? node.argument) as Node);
    case 'LogicalExpression':
      return isSecret(node.left as Node) || isSecret(node.right as Node);
    case 'ConditionalExpression':
      return isSecret(node.consequent as Node) || isSecret(node.alternate as Node);
    case 'CallExpression': {
      // What is made of a secret is one: `mac.toString('hex')`, `hashSecret(given)`, `Buffer.from(token)`.
      const { callee, arguments: given } = node as unknown as { callee: Node; arguments: Node[] };
      if (nameOf(callee) === 'createPublicKey') return false;
      return (
        isSecret(callee) ||
        (callee.type === 'MemberExpression' && isSecret(callee.object as Node)) ||
        given.some(isSecret)
      );
    }
    case 'NewExpression':
      return (node.arguments as Node[]).some(isSecret);
    case 'ArrayExpression':
      return (node.elements as (Node | null)[]).some((element) => element !== null && isSecret(element));
    case 'BinaryExpression':
      // Joined with something else, it is still in there.
      return node.operator === '+' && (isSecret(node.left as Node) || isSecret(node.right as Node));
    case 'SequenceExpression':
      return isSecret((node.expressions as Node[]).at(-1) as Node);
    case 'AssignmentExpression':
      return isSecret(node.left as Node) || isSecret(node.right as Node);
    case 'MemberExpression': {
      // A length, a kind or a position is not the secret; one octet of it is, and a loop compares them all.
      const property = node.property as Node;
      const name = nameOf(property);
      const written =
        node.computed !== true || (property.type === 'Literal' && typeof property.value === 'string');
      return written ? named(name) : isSecret(node.object as Node);
    }
    case 'Identifier':
      return named(node.name as string);
    case 'TemplateLiteral':
      return (node.expressions as Node[]).some(isSecret);
    default:
      return false;
  }
}

function nameOf(node: Node): string | undefined {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return node.name as string;
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

function named(name: string | undefined): boolean {
  if (name === undefined) return false;
  const last =
    name
      .split(/(?=[A-Z])|_/)
      .at(-1)
      ?.toLowerCase() ?? '';
  return NAMES.has(name) || WORDS.has(last);
}
