// SPDX-License-Identifier: Apache-2.0
import Ajv2020 from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSchema, parseSchema, recordJsonSchema, VaultError } from '../../src/index.ts';

const schema = defaultSchema();

/** `path code` of each bad member. */
function problems(input: unknown, of = schema): string[] {
  try {
    of.parse(input);
    return [];
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    expect(error.code).toBe('invalid');
    return (error.members ?? []).map(({ path, code }) => `${path} ${code}`);
  }
}

function parsed(field: string, value: unknown, of = schema): unknown {
  const text = of.parse({ [field]: value }).get(field);
  return text === undefined ? undefined : JSON.parse(text);
}

describe('the default schema', () => {
  it('has the fields of the API', () => {
    expect([...schema.fields].map(([name, { type }]) => `${name}: ${type}`)).toEqual([
      'email: email',
      'first_name: text',
      'middle_name: text',
      'last_name: text',
      'phone_number: phone',
      'ssn9: digits',
      'ssn4: digits',
      'dob: date',
      'address1: text',
      'address2: text',
      'address3: text',
      'city: text',
      'state: text',
      'postal_code: text',
      'country: country',
    ]);
    expect(schema.purposes).toEqual(['general']);
  });

  it.each([
    ['email', ' a.b+c@Example.COM ', 'a.b+c@example.com'],
    ['email', `${'a'.repeat(64)}@b.ch`, `${'a'.repeat(64)}@b.ch`],
    ['first_name', '  Zoë  van der\tBerg ', 'Zoë  van der\tBerg'],
    ['first_name', '\u{1f510}'.repeat(1024), '\u{1f510}'.repeat(1024)],
    ['phone_number', ' +4915112345678', '+4915112345678'],
    ['ssn9', '000000000', '000000000'],
    ['ssn4', ' 0042 ', '0042'],
    ['dob', '2000-02-29', '2000-02-29'],
    ['dob', '0001-01-01', '0001-01-01'],
    ['dob', '9999-12-31', '9999-12-31'],
    ['country', 'de', 'DE'],
  ])('takes %s %j', (field, value, expected) => {
    expect(parsed(field, value)).toBe(expected);
  });

  it.each([
    ['email', 'a', 'format'],
    ['email', 'a@b', 'format'],
    ['email', 'a@@b.ch', 'format'],
    ['email', 'a b@c.ch', 'format'],
    ['email', '.a@b.ch', 'format'],
    ['email', 'a..b@c.ch', 'format'],
    ['email', 'a@-b.ch', 'format'],
    ['email', 'a@b.ch\n.evil', 'format'],
    ['email', `${'a'.repeat(65)}@b.ch`, 'format'],
    ['email', `a@${'b.'.repeat(130)}ch`, 'too_long'],
    ['email', `${'a'.repeat(200)}!`, 'format'],
    ['first_name', '', 'empty'],
    ['first_name', ' \n ', 'empty'],
    ['first_name', 'x'.repeat(1025), 'too_long'],
    ['first_name', `${'x'.repeat(1024)} `, 'too_long'],
    ['first_name', '\ud800', 'format'],
    ['first_name', 1, 'type'],
    ['first_name', ['x'], 'type'],
    ['first_name', { toString: 'x' }, 'type'],
    ['first_name', true, 'type'],
    ['first_name', null, 'null'],
    ['phone_number', '4915112345678', 'format'],
    ['phone_number', '+0151123456', 'format'],
    ['phone_number', '+49 151 1234', 'format'],
    ['phone_number', '+1234567890123456', 'format'],
    ['phone_number', '+٤٩١٥١١٢٣٤٥٦', 'format'],
    ['ssn9', '12345678', 'format'],
    ['ssn9', '123-45-678', 'format'],
    ['ssn9', 123456789, 'type'],
    ['dob', '1900-02-29', 'format'],
    ['dob', '2023-02-30', 'format'],
    ['dob', '2023-04-31', 'format'],
    ['dob', '2023-13-01', 'format'],
    ['dob', '2023-00-10', 'format'],
    ['dob', '0000-01-01', 'format'],
    ['dob', '2023-1-1', 'format'],
    ['dob', '2023-01-01T00:00:00Z', 'format'],
    ['country', 'DEU', 'format'],
    ['country', 'D1', 'format'],
  ])('refuses %s %j: %s', (field, value, code) => {
    expect(problems({ [field]: value })).toEqual([`/${field} ${code}`]);
  });

  it('names every bad member at once, and no value', () => {
    const input = JSON.parse(
      '{"email":"secret","dob":null,"nope":"secret","__proto__":{"x":1},"constructor":1,"12 3":"secret","ssn9":9}',
    );
    expect(problems(input)).toEqual([
      '/email format',
      '/dob null',
      '/nope unknown_field',
      '/__proto__ unknown_field',
      '/constructor unknown_field',
      // What is no name may be a value in the wrong place.
      ' unknown_field',
      '/ssn9 type',
    ]);
    try {
      schema.parse(input);
    } catch (error) {
      expect(JSON.stringify(error) + (error as Error).message).not.toContain('secret');
    }
  });

  it.each([[null], [[]], ['x'], [1], [undefined]])('refuses %j for an object', (input) => {
    expect(problems(input)).toEqual([' type']);
  });

  it('takes 100 fields and no more', () => {
    const fields = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`f${n}`, { type: 'text' }]));
    const large = parseSchema({ version: 1, fields });
    const input = Object.fromEntries(Object.keys(fields).map((name) => [name, 'x']));
    expect(problems(input, large)).toEqual([' too_many']);
    delete input.f0;
    expect(large.parse(input).size).toBe(100);
  });

  it('derives ssn4 from ssn9, and hears of a contradiction', () => {
    expect(Object.fromEntries(schema.parse({ ssn9: '123456789' }))).toEqual({
      ssn9: '"123456789"',
      ssn4: '"6789"',
    });
    expect(schema.parse({ ssn9: '123456789', ssn4: '6789' }).get('ssn4')).toBe('"6789"');
    expect(schema.parse({ ssn4: '1111' }).get('ssn4')).toBe('"1111"');
    expect(problems({ ssn9: '123456789', ssn4: '1111' })).toEqual(['/ssn4 derived_mismatch']);
    expect(problems({ ssn9: '12345678', ssn4: '1111' })).toEqual(['/ssn9 format']);
  });
});

describe('other types', () => {
  const other = parseSchema({
    version: 3,
    fields: {
      count: { type: 'integer', minimum: -5, maximum: 5 },
      any: { type: 'integer' },
      price: { type: 'decimal' },
      agreed: { type: 'boolean' },
      note: { type: 'text', maxLength: 65_000 },
      code: { type: 'digits', length: 2 },
    },
    expressions: { cheap: 'double(price) < 1.0' },
    purposes: ['billing', 'care-1'],
  });

  it.each([
    ['count', 5, 5],
    ['count', -5, -5],
    ['any', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['any', -0, 0],
    ['price', ' -0.10 ', '-0.10'],
    ['price', '12345678901234567890.123', '12345678901234567890.123'],
    ['agreed', false, false],
  ])('take %s %j', (field, value, expected) => {
    expect(parsed(field, value, other)).toBe(expected);
  });

  it.each([
    ['count', 6, 'range'],
    ['count', 0.5, 'format'],
    ['count', '5', 'type'],
    ['any', 2 ** 53, 'range'],
    ['any', Number.NaN, 'format'],
    ['any', Number.POSITIVE_INFINITY, 'format'],
    ['price', 1.5, 'type'],
    ['price', '01', 'format'],
    ['price', '1.', 'format'],
    ['price', '1e3', 'format'],
    ['price', '1'.repeat(65), 'too_long'],
    ['agreed', 'true', 'type'],
    ['agreed', 0, 'type'],
    // 65,000 quotation marks are 130,000 bytes of JSON.
    ['note', '"'.repeat(65_000), 'too_long'],
    ['code', '1', 'format'],
  ])('refuse %s %j', (field, value, code) => {
    expect(problems({ [field]: value }, other)).toEqual([`/${field} ${code}`]);
  });
});

describe('the JSON Schema', () => {
  const ajv = new Ajv2020.default({ strict: true, allowUnionTypes: true, formats: { date: true } });
  const validate = ajv.compile(recordJsonSchema(schema));

  it('accepts what parse accepts', () => {
    const real = (input: Record<string, unknown>): boolean => {
      // Real days and agreement of derived fields are beyond it.
      return (
        !(typeof input.dob === 'string' && /-(02-(29|30|31)|(04|06|09|11)-31)|0000-/.test(input.dob)) &&
        !('ssn4' in input && 'ssn9' in input)
      );
    };
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom(
        ' x ',
        '',
        ' ',
        'a@b.ch',
        '+4912345678',
        'DE',
        ' de',
        '1234',
        '123456789',
        '1999-12-31',
        '1999-02-30',
      ),
      fc.stringMatching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/),
      fc.stringMatching(/^ ?\+?[0-9]{4,16} ?$/),
      fc.emailAddress(),
      fc.constant('x'.repeat(1025)),
    );
    const value = fc.oneof({ weight: 9, arbitrary: text }, fc.integer(), fc.boolean(), fc.constant(null));
    const name = fc.constantFrom(...schema.fields.keys(), 'nope');
    let accepted = 0;
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 2, noNullPrototype: true }), (input) => {
        fc.pre(real(input));
        const good = problems(input).length === 0;
        if (good) accepted += 1;
        expect(validate(input)).toBe(good);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('refuses a derived field beside its source', () => {
    expect(validate({ ssn9: '123456789' })).toBe(true);
    expect(validate({ ssn4: '6789' })).toBe(true);
    expect(validate({ ssn9: '123456789', ssn4: '6789' })).toBe(false);
  });
});
