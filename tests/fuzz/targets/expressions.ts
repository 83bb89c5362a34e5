// SPDX-License-Identifier: Apache-2.0
import { ExpressionError } from '@enclave-vault/expressions';
import { references } from '@enclave-vault/expressions/references';
import { ageInYears, civilDate } from '../../../trusted/expressions/src/dates.ts';
import { evaluate } from '../../../trusted/expressions/src/evaluate.ts';
import { isFunction, VAULT_FUNCTIONS } from '../../../trusted/expressions/src/function-names.ts';
import { celFromJson } from '../../../trusted/expressions/src/json.ts';
import { LIMITS } from '../../../trusted/expressions/src/limits.ts';
import { parseExpression } from '../../../trusted/expressions/src/parse.ts';
import { hasMoreTokens } from '../../../trusted/expressions/src/tokens.ts';
import { Broken, holds, refusesNothing, refusesWith, type Target } from '../target.ts';

const SOURCE = 'trusted/expressions/src';
const NOW = Date.UTC(2026, 6, 1);
const FIELDS = new Map([
  ['dob', '"1985-12-10"'],
  ['name', '"Ada"'],
  ['scores', '[1, 2.5, -3]'],
  ['address', '{"city":"X","__proto__":{"a":1}}'],
]);
const EXPRESSIONS = [
  'date(dob).age() >= 18',
  'name.to_lowercase().startsWith("a") ? [name, "x"] : []',
  'scores.exists(s, s > 2.0) && max(scores) < 3',
  '{"a": 1, "b": {"c": [null, true, 1.5, 2u, b"x"]}}',
  'has(record.email) || "dob" in record || record["name"] == \'Ada\'',
  'sha256(name) + hmac_sha256(name, "key")',
  'address.city.matches("^[A-Z]$") && size(scores) == 3',
  'hex_encode(base64_decode("AA==")) + r"\\n" + """a"b"""',
  'timestamp("2020-01-01T00:00:00Z").getFullYear() + int("5") % 2 - -1',
  'scores.map(s, s * s).filter(s, s != 0)',
  'today_utc() > date(dob) // a comment',
];
const WORDS = [
  ...VAULT_FUNCTIONS.map((name) => `${name}(`),
  ...[
    '.map(x, x)',
    '.exists(x, ',
    '.all(x, ',
    'has(',
    'record',
    'record.',
    'dob',
    'name',
    'scores',
    'true',
    'null',
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '?',
    ':',
    '&&',
    '||',
    '==',
    ' in ',
    '"',
    "'",
    '"""',
    'r"',
    'b"',
    '\\x41',
    '\\u00e9',
    '//',
    '\n',
  ],
  ...[
    '0x1f',
    '1u',
    '1e300',
    '9223372036854775807',
    '-9223372036854775808',
    '.5',
    '__proto__',
    'google.protobuf.Int64Value{',
    'é',
  ],
];
const sources = (): Buffer[] => EXPRESSIONS.map((text) => Buffer.from(text));
const refuses = refusesWith(ExpressionError, /^expression_invalid$/);

export const expressions: readonly Target[] = [
  {
    name: 'expressions: parseExpression',
    covers: [`${SOURCE}/parse.ts#parseExpression`],
    seeds: sources,
    words: WORDS,
    maxLength: LIMITS.sourceBytes + 16,
    maxMs: 500,
    refuses,
    run: (input) => {
      const text = input.toString('utf8');
      parseExpression(text);
      holds(Buffer.byteLength(text) <= LIMITS.sourceBytes, 'what is accepted is within the limit');
      holds(!hasMoreTokens(text, LIMITS.tokens), 'and has few enough tokens');
    },
  },
  {
    name: 'expressions: references',
    covers: [`${SOURCE}/references.ts#references`, `${SOURCE}/function-names.ts#isFunction`],
    seeds: sources,
    words: WORDS,
    maxMs: 500,
    refuses,
    run: (input) => {
      const text = input.toString('utf8');
      const { fields } = references(text);
      for (const field of fields)
        holds(!/[\s()]/.test(field) || text.includes('"') || text.includes("'"), 'names are names');
      holds(!isFunction(text) || fields.size <= 1, 'a name alone reads one field');
    },
  },
  {
    name: 'expressions: hasMoreTokens',
    covers: [`${SOURCE}/tokens.ts#hasMoreTokens`],
    seeds: sources,
    words: ['"', "'", '"""', "'''", 'r"', "b'", '\\', '\n', 'a', ' '],
    maxLength: LIMITS.sourceBytes,
    refuses: refusesNothing,
    run: (input) => {
      const text = input.toString('utf8');
      const counted = hasMoreTokens(text, 100);
      holds(!hasMoreTokens(text, text.length), 'no more tokens than characters');
      holds(!counted || hasMoreTokens(text, 10), 'more than a hundred are more than ten');
    },
  },
  {
    name: 'expressions: civilDate',
    covers: [`${SOURCE}/dates.ts#civilDate`],
    seeds: () =>
      ['1985-12-10', '2024-02-29', '0100-01-01', '9999-12-31', '2023-02-29', '٣٠٠٠-01-01'].map((text) =>
        Buffer.from(text),
      ),
    words: ['-', '00', '02', '29', '31', '\n'],
    maxLength: 24,
    refuses: refusesNothing,
    run: (input) => {
      const text = input.toString('utf8');
      const day = civilDate(text);
      if (day === undefined) return;
      holds(
        new Date(Number(day.seconds) * 1000).toISOString() === `${text}T00:00:00.000Z`,
        'a date is written the same',
      );
      const age = ageInYears(undefined, NOW);
      holds(age === undefined, 'no date has no age');
    },
  },
  {
    name: 'expressions: celFromJson',
    covers: [`${SOURCE}/json.ts#celFromJson`],
    seeds: () =>
      [...FIELDS.values(), '1e400', '9007199254740993', '[[[]]]', '{"1":1,"0":2}'].map((text) =>
        Buffer.from(text),
      ),
    words: ['{', '}', '[', ']', '"', ':', ',', '__proto__', 'null', '1e999', '\\u0000', '\\ud800'],
    refuses: refusesWith(ExpressionError, /^expression_failed$/),
    run: (input) => {
      celFromJson(input.toString('utf8'));
    },
  },
  {
    name: 'expressions: evaluate',
    // As much of a result as has a text, by celToJson; what a comparison of results is, by max().
    covers: [`${SOURCE}/evaluate.ts#evaluate`, `${SOURCE}/json.ts#celToJson`],
    seeds: sources,
    words: WORDS,
    maxLength: 160,
    // It may take as long as it likes: the pool ends it from outside.
    maxMs: Number.POSITIVE_INFINITY,
    refuses: refusesNothing,
    run: (input) => {
      const source = input.toString('utf8');
      const request = {
        fields: FIELDS,
        known: [...FIELDS.keys(), 'email'],
        expressions: [{ name: 'result', source }],
        now: NOW,
      };
      const [outcome] = evaluate(request);
      if (outcome?.ok !== true) return;
      holds(outcome.json.length <= LIMITS.resultLength + 4096, 'a result is within its limit');
      try {
        JSON.parse(outcome.json);
      } catch {
        throw new Broken('a result is JSON');
      }
    },
  },
];
