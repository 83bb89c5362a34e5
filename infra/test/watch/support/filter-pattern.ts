// SPDX-License-Identifier: Apache-2.0

type Test = (record: unknown) => boolean;

/**
 * Compiles a filter pattern for JSON as CloudWatch Logs reads it: comparisons with = and != (`*` for any text), IS FALSE,
 * IS TRUE, EXISTS, NOT EXISTS, &&, || and parentheses (CloudWatch Logs User Guide, "Using filter patterns to match terms
 * in JSON log events"). && binds tighter than ||. What a comparison says of a member that is not there is not documented:
 * here it is false, for != as well, so that no pattern passes by luck.
 * @throws {SyntaxError}
 */
export function compileFilter(pattern: string): Test {
  const tokens = tokensOf(pattern);
  const parser = new Parser(tokens);
  parser.expect('{');
  const test = parser.either();
  parser.expect('}');
  if (!parser.done) throw new SyntaxError('something behind the end');
  return test;
}

const TOKEN = /\s*(?:(&&|\|\||!=|[{}()=])|("(?:[^"\\])*")|(\$(?:\.\w+|\[\d+\])+)|([A-Z]+))/y;

function tokensOf(pattern: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const text = pattern.trimEnd();
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const [, ...groups] = TOKEN.exec(text) ?? [];
    const token = groups.find((group) => group !== undefined);
    if (token === undefined) throw new SyntaxError(`at ${at}: ${text.slice(at, at + 20)}`);
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  expect(token: string): void {
    if (!this.#takes(token)) throw new SyntaxError(`${token} expected at token ${this.#at}`);
  }

  either(): Test {
    const terms = [this.#both()];
    while (this.#takes('||')) terms.push(this.#both());
    return (record) => terms.some((term) => term(record));
  }

  #both(): Test {
    const terms = [this.#term()];
    while (this.#takes('&&')) terms.push(this.#term());
    return (record) => terms.every((term) => term(record));
  }

  #term(): Test {
    if (this.#takes('(')) {
      const inner = this.either();
      this.expect(')');
      return inner;
    }
    const path = this.#next();
    if (!path.startsWith('$')) throw new SyntaxError(`a member expected, not ${path}`);
    return this.#comparison((record) => valueAt(record, path));
  }

  #comparison(value: Test | ((record: unknown) => unknown)): Test {
    const operator = this.#next();
    if (operator === 'EXISTS') return (record) => value(record) !== undefined;
    if (operator === 'NOT') {
      this.expect('EXISTS');
      return (record) => value(record) === undefined;
    }
    const operand = this.#next();
    if (operator === 'IS' && (operand === 'TRUE' || operand === 'FALSE'))
      return (record) => value(record) === (operand === 'TRUE');
    if ((operator !== '=' && operator !== '!=') || !operand.startsWith('"'))
      throw new SyntaxError(`${operator} ${operand}`);
    const text = new RegExp(`^${operand.slice(1, -1).split('*').map(RegExp.escape).join('.*')}$`, 's');
    return (record) => {
      const given = value(record);
      return typeof given === 'string' && text.test(given) === (operator === '=');
    };
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxError('the end too early');
    this.#at += 1;
    return token;
  }
}

function valueAt(record: unknown, path: string): unknown {
  const steps = path.slice(1).match(/\w+/g) ?? [];
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string, unknown>>)[step]
        : undefined,
    record,
  );
}
