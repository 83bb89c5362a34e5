// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import {
  accountOf,
  arn,
  awsRegion,
  defineRole,
  flag,
  integer,
  json,
  listOf,
  oneOf,
  readRole,
  SettingsError,
  type Source,
  text,
} from '../src/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

class RatesError extends Error {
  readonly code = 'rates_malformed';
}

const ROLE = defineRole('relay', {
  doc: 'A relay.',
  settings: [
    { path: 'listen', env: 'ENCLAVE_VAULT_LISTEN', doc: 'Where.', read: text() },
    { path: 'kms.region', env: 'ENCLAVE_VAULT_KMS_REGION', doc: 'Region.', read: awsRegion() },
    { path: 'kms.fips', env: 'ENCLAVE_VAULT_KMS_FIPS', doc: 'FIPS.', read: flag(), default: false },
    {
      path: 'kms.keys.vault',
      env: 'ENCLAVE_VAULT_KEY_ARN',
      doc: 'Key.',
      read: arn('kms', 'key/'),
      optional: true,
    },
    { path: 'enclaves', env: 'ENCLAVE_VAULT_ENCLAVES', doc: 'How many.', read: integer(1, 64), default: 2 },
    { path: 'hosts', env: 'ENCLAVE_VAULT_HOSTS', doc: 'Names.', read: listOf(text('names')), default: [] },
    {
      path: 'store',
      env: 'ENCLAVE_VAULT_STORE',
      doc: 'Kind.',
      read: oneOf('sqlite', 'dynamodb'),
      default: 'sqlite',
    },
    { path: 'proxy', env: 'ENCLAVE_VAULT_PROXY', doc: 'Proxy.', read: text(), default: null },
    { path: 'token', env: 'ENCLAVE_VAULT_TOKEN', doc: 'Secret.', read: text(), secret: true, optional: true },
    {
      path: 'rates',
      env: 'ENCLAVE_VAULT_RATES',
      doc: 'Rates.',
      read: json('rates', (value) => {
        if (typeof value !== 'object') throw new RatesError('burst must be a number');
        if (value === null) throw new Error('secret-value-in-a-message');
        return value;
      }),
      optional: true,
    },
  ],
  rules: [
    {
      settings: ['proxy', 'enclaves'],
      doc: 'with a proxy there is one enclave',
      broken: ({ proxy, enclaves }) => proxy !== null && enclaves !== 1,
    },
  ],
});

const GOOD = { listen: '/run/x', kms: { region: 'eu-central-1' } };

/** Messages of the problems, by setting. */
function problemsOf(source: Partial<Source>): Record<string, string> {
  try {
    readRole(ROLE, { env: {}, ...source });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.code).toBe('config_invalid');
    return Object.fromEntries(error.problems.map(({ setting, message }) => [setting, message]));
  }
  return {};
}

describe('values', () => {
  test('come from the file, with defaults, in the types that the readers say', () => {
    const values = readRole(ROLE, { file: GOOD, env: {} });
    expect(values).toEqual({
      listen: '/run/x',
      kms: { region: 'eu-central-1', fips: false, keys: { vault: undefined } },
      enclaves: 2,
      hosts: [],
      store: 'sqlite',
      proxy: null,
      token: undefined,
      rates: undefined,
    });
    expectTypeOf(values.enclaves).toEqualTypeOf<number>();
    expectTypeOf(values.kms.keys.vault).toEqualTypeOf<string | undefined>();
    expectTypeOf(values.store).toEqualTypeOf<'sqlite' | 'dynamodb'>();
    expectTypeOf(values.proxy).toEqualTypeOf<string | null>();
    expectTypeOf(values.hosts).toEqualTypeOf<readonly string[]>();
    // @ts-expect-error: no such setting
    expect(values.nothing).toBeUndefined();
  });

  test('of the environment win over the file, and alone are enough', () => {
    const env = {
      ENCLAVE_VAULT_LISTEN: '/run/y',
      ENCLAVE_VAULT_KMS_REGION: 'us-gov-west-1',
      ENCLAVE_VAULT_KMS_FIPS: 'true',
      ENCLAVE_VAULT_ENCLAVES: '7',
      ENCLAVE_VAULT_HOSTS: 'a.example, b.example',
      ENCLAVE_VAULT_RATES: '{"burst": 3}',
      PATH: '/bin',
    };
    const expected = {
      listen: '/run/y',
      kms: { region: 'us-gov-west-1', fips: true },
      enclaves: 7,
      hosts: ['a.example', 'b.example'],
      rates: { burst: 3 },
    };
    expect(readRole(ROLE, { env })).toMatchObject(expected);
    expect(readRole(ROLE, { env, file: { ...GOOD, enclaves: 3 } })).toMatchObject(expected);
    expect(readRole(ROLE, { env: { ...env, ENCLAVE_VAULT_HOSTS: '["c,d"]' } }).hosts).toEqual(['c,d']);
  });

  test('null in the file is the same as not given', () => {
    expect(readRole(ROLE, { file: { ...GOOD, enclaves: null, proxy: null }, env: {} }).enclaves).toBe(2);
    expect(Object.keys(problemsOf({ file: { ...GOOD, listen: null } }))).toEqual(['listen']);
  });

  test('any whole number in range survives the way through a variable', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), (n) => {
        const env = { ENCLAVE_VAULT_ENCLAVES: String(n) };
        expect(readRole(ROLE, { file: GOOD, env }).enclaves).toBe(n);
      }),
    );
  });
});

describe('secrets', () => {
  test.each([
    ['the variable', {}, { ENCLAVE_VAULT_TOKEN: 's3cret' }],
    ['a file that the variable names', {}, { ENCLAVE_VAULT_TOKEN_FILE: 'FILE' }],
    ['a file that the file names', { tokenFile: 'FILE' }, {}],
    ['the variable before the file', { token: 'other' }, { ENCLAVE_VAULT_TOKEN_FILE: 'FILE' }],
  ])('from %s', (_from, members, env) => {
    const path = join(folder, 'token');
    writeFileSync(path, 's3cret\n');
    const placed = (of: object) => JSON.parse(JSON.stringify(of).replace('"FILE"', JSON.stringify(path)));
    expect(readRole(ROLE, { file: { ...GOOD, ...placed(members) }, env: placed(env) }).token).toBe('s3cret');
  });

  test('given twice in one place, or in a file that is not there, are problems', () => {
    expect(problemsOf({ file: { ...GOOD, token: 'a', tokenFile: 'b' } })).toHaveProperty('token');
    expect(problemsOf({ file: GOOD, env: { ENCLAVE_VAULT_TOKEN_FILE: join(folder, 'none') } })).toEqual({
      ENCLAVE_VAULT_TOKEN_FILE: 'names a file that cannot be read; must be text that is not empty',
    });
  });

  test('a path of a file for what is no secret is an unknown member', () => {
    expect(problemsOf({ file: { ...GOOD, listenFile: 'x' } })).toHaveProperty('listenFile');
  });
});

describe('problems', () => {
  test('are all told at once, with the name that was used and never the value', () => {
    const file = {
      kms: { region: 'secret-region-value', fips: 'maybe-secret' },
      enclaves: 0,
      proxi: 'secret',
    };
    const env = {
      ENCLAVE_VAULT_HOST: 'secret',
      ENCLAVE_VAULT_ENCLAVES: '65',
      ENCLAVE_VAULT_RATES: '{secret',
    };
    const problems = problemsOf({ file, env });
    expect(problems).toEqual({
      listen: 'is missing (or ENCLAVE_VAULT_LISTEN): must be text that is not empty',
      'kms.region': 'must be an AWS Region',
      'kms.fips': 'must be true or false',
      ENCLAVE_VAULT_ENCLAVES: 'must be a whole number from 1 to 64',
      ENCLAVE_VAULT_RATES: 'is not JSON; must be rates',
      proxi: 'is unknown: did you mean proxy?',
      ENCLAVE_VAULT_HOST: 'is unknown: did you mean ENCLAVE_VAULT_HOSTS?',
    });
    expect(JSON.stringify(problems)).not.toMatch(/secret/);
  });

  test.each([
    ['a list', []],
    ['text', 'x'],
    ['a number', 3],
    ['what is not JSON', null],
  ])('%s is no configuration', (_what, file) => {
    expect(problemsOf({ file })).toEqual({ configuration: 'must be an object' });
  });

  test.each([
    ['a member inside a known one', { kms: { ...GOOD.kms, regio: 'x' } }, 'kms.regio'],
    ['text where an object is', { kms: 'x' }, 'kms'],
    ['__proto__', JSON.parse('{"__proto__": {"enclaves": 3}}'), '__proto__'],
    ['constructor', { constructor: { name: 'x' } }, 'constructor'],
  ])('%s is found', (_what, file, name) => {
    expect(problemsOf({ file: { ...GOOD, ...file, ...pollution(file) } })).toHaveProperty([name]);
  });

  test('whatever is in file and environment: values of the types, or this one error without any of it', () => {
    const paths = ROLE.settings.map(({ path }) => path.split('.'));
    const variables = ROLE.settings.flatMap(({ env }) => [env, `${env}_FILE`, `${env}X`]);
    const secret = fc.string({ minLength: 12, maxLength: 30 }).map((tail) => `s3cret${tail}`);
    const value = fc.oneof(secret, fc.jsonValue(), fc.array(secret), fc.dictionary(fc.string(), secret));
    const file = fc
      .array(fc.tuple(fc.constantFrom(...paths, ['kms'], ['other'], ['kms', 'other']), value))
      .map((given) => {
        const made: Record<string, unknown> = {};
        for (const [[name = '', inner], content] of given)
          made[name] =
            inner === undefined ? content : { ...(Object(made[name]) as object), [inner]: content };
        return made;
      });
    const env = fc.dictionary(fc.constantFrom(...variables), fc.oneof(secret, fc.string()));
    fc.assert(
      fc.property(fc.oneof(file, fc.jsonValue()), env, (given, variables) => {
        try {
          const values = readRole(ROLE, { file: given, env: variables });
          expect(typeof values.listen).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
          expect(JSON.stringify((error as SettingsError).problems)).not.toContain('s3cret');
          expect((error as SettingsError).message).not.toContain('s3cret');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a name that would write to a terminal is not repeated', () => {
    const file = { ...GOOD, '\u001b[2J': 1, ['x'.repeat(101)]: 1 };
    expect(problemsOf({ file })).toEqual({ 'a member with a strange name': 'is unknown' });
  });

  test('an error of the project passes its message on, any other does not', () => {
    expect(problemsOf({ file: { ...GOOD, rates: 'x' } }).rates).toContain('burst must be a number');
    expect(problemsOf({ file: GOOD, env: { ENCLAVE_VAULT_RATES: 'null' } })).toEqual({
      ENCLAVE_VAULT_RATES: 'must be rates',
    });
  });

  test('a broken rule is told of its first setting, when all values are readable', () => {
    expect(problemsOf({ file: { ...GOOD, proxy: 'x' } })).toEqual({
      proxy: 'breaks a rule: with a proxy there is one enclave',
    });
    expect(problemsOf({ file: { ...GOOD, proxy: 'x', enclaves: 1 } })).toEqual({});
    expect(problemsOf({ file: { ...GOOD, proxy: 'x', store: 'paper' } })).toEqual({
      store: 'must be one of sqlite, dynamodb',
    });
  });

  test('a group of settings is suggested as well, a far name is not', () => {
    expect(problemsOf({ file: { ...GOOD, kns: {} } })).toEqual({ kns: 'is unknown: did you mean kms?' });
    expect(problemsOf({ file: { ...GOOD, zzzzzzzz: 1 } })).toEqual({ zzzzzzzz: 'is unknown' });
  });

  test('a path with dots as one name is no setting: it would be passed over', () => {
    expect(problemsOf({ file: { ...GOOD, 'kms.fips': true } })).toEqual({
      'kms.fips': 'is unknown: a group of settings is an object, not a dot in a name',
    });
  });
});

/** Keeps an own member `__proto__`, which a spread copies as one but a literal would not. */
function pollution(file: object): object {
  const own = Object.getOwnPropertyDescriptor(file, '__proto__');
  return own === undefined ? {} : Object.defineProperty({}, '__proto__', own);
}

describe('a declaration', () => {
  const setting = (path: string, env: string, more: object = {}) => ({
    path,
    env,
    doc: '',
    read: text(),
    ...more,
  });
  test.each([
    ['a path twice', [setting('a', 'ENCLAVE_VAULT_A'), setting('a', 'ENCLAVE_VAULT_B')]],
    ['a variable twice', [setting('a', 'ENCLAVE_VAULT_A'), setting('b', 'ENCLAVE_VAULT_A')]],
    ['a path inside another', [setting('a', 'ENCLAVE_VAULT_A'), setting('a.b', 'ENCLAVE_VAULT_B')]],
    ['a variable of another name', [setting('a', 'VAULT_A')]],
    [
      'the file of a secret that another setting has',
      [setting('a', 'ENCLAVE_VAULT_A', { secret: true }), setting('b', 'ENCLAVE_VAULT_A_FILE')],
    ],
  ])('with %s is an error of the program', (_what, settings) => {
    expect(() => defineRole('x', { doc: '', settings })).toThrow(TypeError);
  });

  test('with a default that its reader would not read does not compile', () => {
    const wrong = { path: 'a', env: 'ENCLAVE_VAULT_A', doc: '', read: integer(1, 2), default: 'x' } as const;
    // @ts-expect-error: text for a number
    expect(defineRole('x', { doc: '', settings: [wrong] }).name).toBe('x');
  });
});

test('the account of an ARN', () => {
  expect(accountOf('arn:aws:kms:eu-central-1:123456789012:key/1')).toBe('123456789012');
});
