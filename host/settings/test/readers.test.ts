// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arn,
  awsRegion,
  configPath,
  defineRole,
  describeRole,
  flag,
  integer,
  listOf,
  parsed,
  pemOrFile,
  type Reader,
  readConfigFile,
  SettingsError,
  text,
  Unwanted,
  url,
} from '../src/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

describe('readers', () => {
  const good: [string, Reader<unknown>, unknown[]][] = [
    ['text', text(), ['x', ' ']],
    ['matching text', text('digits', /\d+/), ['123']],
    ['integer', integer(-1, 5), [-1, 0, 5]],
    ['flag', flag(), [true, false]],
    ['https', url(), ['https://kms.eu-central-1.amazonaws.com', 'https://127.0.0.1:8443/x']],
    ['http too', url('http:', 'https:'), ['http://127.0.0.1:8000']],
    ['Region', awsRegion(), ['eu-central-1', 'us-gov-west-1', 'ap-southeast-3', 'cn-north-1']],
    ['key ARN', arn('kms', 'key/'), [KEY, KEY.replace('arn:aws:', 'arn:aws-us-gov:')]],
    ['role ARN', arn('iam', 'role/'), ['arn:aws:iam::123456789012:role/enclave-vault/api']],
    ['list', listOf(integer(1, 2), 1), [[1], [1, 2]]],
  ];
  test.each(good)('%s reads what it wants', (_name, reader, values) => {
    for (const value of values) expect(reader.read(value)).toEqual(value);
  });

  const bad: [string, Reader<unknown>, unknown[]][] = [
    ['text', text(), ['', 1, {}, true]],
    ['matching text', text('digits', /\d+/), ['123x', 'x123', '12\n']],
    ['integer', integer(-1, 5), [6, 1.5, '3', Number.NaN, 2 ** 60]],
    ['flag', flag(), ['true', 1, 'yes']],
    ['https', url(), ['http://x', 'x', 'https://user:password@x/', 'file:///etc/passwd', 1]],
    ['Region', awsRegion(), ['eu-central', 'EU-CENTRAL-1', 'eu-central-1a', 'x']],
    [
      'key ARN',
      arn('kms', 'key/'),
      [
        `${KEY}\n`,
        KEY.replace('kms', 's3'),
        KEY.replace('key/', 'alias/'),
        '1234abcd-12ab-34cd-56ef-1234567890ab',
      ],
    ],
    ['role ARN', arn('iam', 'role/'), ['arn:aws:iam::123:role/x', 'arn:aws:iam::123456789012:user/x']],
    ['list', listOf(integer(1, 2), 1), [[], [3], 'x', {}]],
    ['PEM', pemOrFile(), ['/nonexistent/file', '/etc/hostname', '/dev/null', '', 3]],
  ];
  test.each(bad)('%s refuses what it does not', (_name, reader, values) => {
    for (const value of values) expect(() => reader.read(value)).toThrow(Unwanted);
  });

  test('PEM is taken as it is or from a file', () => {
    const path = join(folder, 'root.pem');
    writeFileSync(path, PEM);
    expect(pemOrFile().read(PEM)).toBe(PEM);
    expect(pemOrFile().read(path)).toBe(PEM);
  });

  test('a parser of its own decides', () => {
    const reader = parsed('unix:/path', (given) => {
      if (!given.startsWith('unix:')) throw new Unwanted();
      return { unix: given.slice(5) };
    });
    expect(reader.read('unix:/a')).toEqual({ unix: '/a' });
    expect(() => reader.read('/a')).toThrow(Unwanted);
    expect(() => reader.read(3)).toThrow(Unwanted);
  });
});

describe('the file', () => {
  test.each([
    [['--config', 'a.json'], {}, 'a.json'],
    [['--config=a.json'], {}, 'a.json'],
    [['--config', 'a.json'], { ENCLAVE_VAULT_CONFIG: 'b.json' }, 'a.json'],
    [[], { ENCLAVE_VAULT_CONFIG: 'b.json' }, 'b.json'],
    [[], {}, undefined],
  ])('of %j and %j is %s', (args, env, path) => {
    expect(configPath(args, env)).toBe(path);
  });

  test.each([[['--confg', 'a']], [['--config']], [['--config', 'a', 'b']], [['a.json']], [['--config=']]])(
    'arguments %j are refused',
    (args) => {
      expect(() => configPath(args, {})).toThrow(SettingsError);
    },
  );

  test('is read, and what is wrong with it is said without quoting it', () => {
    const path = join(folder, 'role.json');
    writeFileSync(path, '{"a": 1}');
    expect(readConfigFile(path)).toEqual({ a: 1 });
    writeFileSync(path, '{"password": s3cret}');
    expect(() => readConfigFile(path)).toThrow('ENCLAVE_VAULT_CONFIG names a file that is not JSON');
    expect(() => readConfigFile(join(folder, 'none'))).toThrow('cannot be read');
    writeFileSync(path, ' '.repeat(5 * 1024 * 1024));
    expect(() => readConfigFile(path)).toThrow('more than');
  });
});

test('a role describes itself', () => {
  const role = defineRole('relay', {
    doc: 'A relay.',
    settings: [
      { path: 'a.b', env: 'ENCLAVE_VAULT_A', doc: 'One | two.', read: integer(1, 2, 'ms'), default: 1 },
      { path: 'c', env: 'ENCLAVE_VAULT_C', doc: 'See.', read: text(), secret: true },
      {
        path: 'd',
        env: 'ENCLAVE_VAULT_D',
        doc: 'D.',
        read: text(),
        default: 'long',
        defaultDoc: 'the built-in',
      },
    ],
    rules: [{ settings: ['c'], doc: 'c is not d', broken: ({ c, d }) => c === d }],
    example: { c: 'x' },
  });
  expect(describeRole(role)).toBe(`## Role \`relay\`
A relay.

| member of the file | variable | must be | default | what it is |
|---|---|---|---|---|
| \`a.b\` | \`ENCLAVE_VAULT_A\` | a whole number from 1 to 2 (ms) | \`1\` | One \\| two. |
| \`c\`<br>\`cFile\` | \`ENCLAVE_VAULT_C\`<br>\`ENCLAVE_VAULT_C_FILE\` | text that is not empty | **must be given** | See. |
| \`d\` | \`ENCLAVE_VAULT_D\` | text that is not empty | the built-in | D. |

Between them:

- c is not d

A file that works:

\`\`\`json
{
  "c": "x"
}
\`\`\`
`);
});
