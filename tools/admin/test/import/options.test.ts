// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseImportOptions } from '../../src/import/options.ts';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-1111-4111-8111-111111111111';
const parse = (...words: string[]) => parseImportOptions(words, { INIT_CWD: '/here' });
const problem = (...words: string[]): string => {
  try {
    parse(...words);
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('import-sample', () => {
  it('takes an export into the local vault, paths from where the user stands', () => {
    expect(
      parse('export', '--key-arn', KEY, '--state', 's', '--drop-fields', ' B,a,,b ', '--rate', '50/s'),
    ).toEqual({
      kind: 'import',
      source: { kind: 'export', path: '/here/export' },
      target: { kind: 'local', data: '/here/.vault' },
      ...{ tenant: 'default', keyArn: KEY, rate: 50, limit: undefined, state: '/here/s', report: undefined },
      ...{ dryRun: false, replace: false, without: ['a', 'b'], withoutDamaged: false },
    });
  });

  it('takes a live table into a deployment', () => {
    const table = ['--table', 't', '--region', 'eu-central-1', '--profile', 'old', '--segments', '8'];
    expect(
      parse(...table, '--key-arn', KEY, '--config', 'api.json', '--config', '/p.json', '--tenant', 'acme'),
    ).toMatchObject({
      source: {
        kind: 'table',
        table: 't',
        region: 'eu-central-1',
        profile: 'old',
        endpoint: undefined,
        segments: 8,
      },
      target: { kind: 'config', paths: ['/here/api.json', '/p.json'] },
      tenant: 'acme',
    });
  });

  it('prints a policy from a local vault, or from role files', () => {
    expect(parse('--print-key-policy')).toEqual({
      kind: 'policy',
      whole: false,
      from: { data: '/here/.vault' },
    });
    expect(
      parse('--print-key-policy', '--whole', '--config', 'd', '--manifest', 'm', '--manifest-key', 'k'),
    ).toEqual({
      kind: 'policy',
      whole: true,
      from: { configs: ['/here/d'], manifests: ['/here/m'], manifestKey: '/here/k' },
    });
  });

  it.each<[string[], string]>([
    [['--key-arn', KEY], 'one PATH, or --table'],
    [['a', 'b', '--key-arn', KEY], 'one PATH, or --table'],
    [['a', '--table', 't', '--region', 'eu-central-1', '--key-arn', KEY], 'one PATH, or --table'],
    [['--table', 't', '--key-arn', KEY], '--table needs --region'],
    [['a', '--profile', 'x', '--key-arn', KEY], 'go with --table'],
    [['a'], '--key-arn takes'],
    [['a', '--key-arn', KEY.replace('key/', 'alias/')], '--key-arn takes'],
    [['a', '--key-arn', KEY, '--tenant', 'Acme'], 'a tenant is named'],
    [['a', '--key-arn', KEY, '--limit', '1', '--state', 's'], '--limit and --state'],
    [['a', '--key-arn', KEY, '--dry-run', '--state', 's'], '--dry-run and --state'],
    [['a', '--key-arn', KEY, '--data', 'd', '--config', 'c'], '--data and --config'],
    [['a', '--key-arn', KEY, '--rate', '0'], '--rate takes a whole number'],
    [['a', '--key-arn', KEY, '--rate', '1.5'], '--rate takes a whole number'],
    [['a', '--key-arn', KEY, '--whole'], 'go with --print-key-policy'],
    [['a', '--print-key-policy'], 'takes no PATH'],
    [['a', '--key-arn', KEY, '--nothing'], 'nothing'],
    [['--table', 't', '--region', 'eu-central-1', '--key-arn', KEY, '--endpoint', 'ftp://x'], 'https'],
  ])('refuses %j', (words, message) => {
    expect(problem(...words)).toContain(message);
  });

  it('names everything that is wrong at once', () => {
    expect(problem('--rate', 'x', '--tenant', 'X').split('\n')).toHaveLength(4);
  });
});
