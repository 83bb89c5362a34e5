// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { callerOf, openAccess } from '../../src/bulk/access.ts';
import { parseBulkExport } from '../../src/bulk/export-options.ts';
import { parseBulkImport } from '../../src/bulk/import-options.ts';
import { KEY } from './fake-vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { INIT_CWD: '/here' };
const problem = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('import', () => {
  it('keeps its results beside the input, or where it is told, and reads the form from the name', () => {
    expect(
      parseBulkImport(['a.csv', '--map', 'A=b', '--map', 'x=y=z', '--drop-columns', 'c, d'], env),
    ).toMatchObject({
      input: '/here/a.csv',
      format: 'csv',
      out: '/here/a.csv.ids.ndjson',
      refused: '/here/a.csv.refused.ndjson',
      state: '/here/a.csv.import-state',
      keepRefused: undefined,
      map: new Map([
        ['A', 'b'],
        ['x=y', 'z'],
      ]),
      drop: new Set(['c', 'd']),
    });
    const words = ['-', '--format', 'ndjson', '--out', '/o/b.ids.ndjson', '--keep-refused', '--late', 'skip'];
    expect(parseBulkImport(words, env)).toMatchObject({
      ...{ input: undefined, format: 'ndjson', state: '/o/b.import-state', late: 'skip' },
      keepRefused: '/o/b.refused-values.ndjson',
    });
  });

  it('says all that is wrong at once', () => {
    const words = ['x.jsonl', 'y', '--map', 'a', '--concurrency', '99', '--late', 'now', '--patience', '0'];
    expect(problem(() => parseBulkImport(words, env)).split('\n')).toEqual([
      'import takes one FILE, or -',
      '--map takes COLUMN=FIELD',
      '--map and --drop-columns go with CSV: lines of JSON name their fields',
      '--late takes skip or resend',
      '--concurrency takes a whole number from 1 to 16',
      '--patience takes a whole number from 1 to 86400',
    ]);
    expect(problem(() => parseBulkImport(['-'], env))).toMatch(
      /--format csv or --format ndjson\n- needs --out/,
    );
    const owned = ['ids.ndjson', 'refused.ndjson', 'refused-values.ndjson', 'import-state'];
    for (const own of owned.map((end) => `a.csv.${end}`))
      expect(problem(() => parseBulkImport(['a.csv', '--report', own], env))).toContain(
        '--report takes a file of its own',
      );
    expect(problem(() => parseBulkImport(['a.csv', '--key', 'evk_1'], env))).toContain(
      "Unknown option '--key'",
    );
  });
});

describe('export', () => {
  it('takes what is asked of each record, expressions from a file, and the form from the name', () => {
    writeFileSync(join(folder, 'e.json'), '{"adult":"date(dob).age() >= 18"}');
    const ask = [
      '--fields',
      'a, b',
      '--reason',
      'r',
      '--purpose',
      'p',
      '--expressions',
      join(folder, 'e.json'),
    ];
    expect(parseBulkExport(['--ids', 'ids', ...ask, '--out', 'x.csv'], env)).toMatchObject({
      ids: '/here/ids',
      all: undefined,
      ask: { fields: ['a', 'b'], reason: 'r', purpose: 'p', expressions: { adult: 'date(dob).age() >= 18' } },
      format: { columns: ['a', 'b', 'adult'], verbatim: false },
      ...{ out: '/here/x.csv', refused: '/here/x.csv.refused.ndjson', state: '/here/x.csv.export-state' },
    });
    const all = ['--all', '--tenant', 'acme', '--fields', 'a', '--reason', 'r', '--out', 'x.ndjson'];
    expect(parseBulkExport(all, env)).toMatchObject({
      ids: '/here/x.ndjson.all-ids.ndjson',
      all: { tenant: 'acme', place: { kind: 'local', data: '/here/.vault' } },
      format: { columns: undefined },
    });
    for (const own of ['x.ndjson.all-ids.ndjson', 'x.ndjson.all-ids.ndjson.new'])
      expect(problem(() => parseBulkExport([...all, '--report', own], env))).toContain(
        '--report takes a file of its own',
      );
  });

  it('says all that is wrong at once', () => {
    const words = ['x', '--all', '--ids', 'i', '--reason', ' ', '--out', 'x.xlsx', '--verbatim'];
    expect(problem(() => parseBulkExport(words, env)).split('\n')).toEqual([
      'export takes no other words',
      'export takes --ids FILE or --all',
      'export needs --reason: it stands in the audit of each record',
      '--out is FILE.ndjson or FILE.csv',
      '--verbatim goes with CSV',
      'export needs --fields or --expressions',
    ]);
  });
});

describe('the caller', () => {
  it('is called over https, or on this machine', async () => {
    const at = (url: string) =>
      openAccess({ url }, { ...env, ENCLAVE_VAULT_KEY: KEY }).then(() => 'taken', String);
    for (const url of [
      'https://vault.example.com',
      'http://127.0.0.1:1',
      'http://localhost:1',
      'http://[::1]:1',
    ])
      expect([url, await at(url)]).toEqual([url, 'taken']);
    for (const url of ['http://vault.example.com', 'ftp://127.0.0.1', 'x', 'http://127.0.0.1.example.com'])
      expect([url, await at(url)]).toEqual([url, expect.stringContaining('--url takes an https URL')]);
  });

  it('has his key from a file or the environment, and one that fits into a header', async () => {
    writeFileSync(join(folder, 'key'), `${KEY}\n`);
    writeFileSync(join(folder, 'two'), `${KEY}\nX-Other: 1`);
    const url = 'https://vault.example.com';
    const by = (file: string) =>
      openAccess({ url, 'key-file': file }, { ...env, ENCLAVE_VAULT_KEY: 'other' });
    expect((await by(join(folder, 'key'))).as).toBe(KEY);
    await expect(by(join(folder, 'two'))).rejects.toMatchObject({ code: 'key_unreadable' });
    await expect(by(join(folder, 'none'))).rejects.toMatchObject({ code: 'key_unreadable' });
  });

  it('is told by the id of his key, or by issuer and subject of his token at this vault: never by a secret', () => {
    const access = (key: string, url = 'https://a.example') => ({
      as: key,
      url: new URL(url),
      ca: undefined,
    });
    const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;
    expect(callerOf(access(KEY))).toBe('key:01HV1XW70Q03PHK892JFQAY0Z5');
    const one = callerOf(access(token({ iss: 'i', sub: 's', exp: 1 })));
    expect(one).toBe(callerOf(access(token({ iss: 'i', sub: 's', exp: 2 }))));
    expect(one).not.toBe(callerOf(access(token({ iss: 'i', sub: 't' }))));
    expect(one).not.toBe(callerOf(access(token({ iss: 'i', sub: 's' }), 'https://b.example')));
  });
});
