// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { readRole } from '@enclave-vault/settings';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEPLOY, exampleKnown, keysReplicaStage, stagesOf, synthesize } from '../src/index.ts';
import { CERTIFICATE } from './support/certificate.ts';

const PAGE = readFileSync(new URL('../../docs/parity.md', import.meta.url), 'utf8');
const REPLICA = 'eu-west-1';

interface Row {
  readonly sample: string;
  readonly type: string;
  readonly ours: readonly string[];
  readonly remark: string;
}

/** Sections with a table of the sample's resources, and how many the text before it says there are. */
function sections(): { title: string; said: number; rows: Row[] }[] {
  return PAGE.split(/^## /m).flatMap((section) => {
    const said = /^[\w./]+\.yml, (\d+) resources?\./m.exec(section)?.[1];
    if (said === undefined) return [];
    const rows = section.split('\n').flatMap((line) => {
      const [, sample, type, ours, remark] = line.split(/ *\| */);
      if (sample === undefined || type === undefined || !/^AWS::\w+::\w+$/.test(type)) return [];
      return [{ sample, type, ours: named(ours ?? ''), remark: (remark ?? '').trim() }];
    });
    return [{ title: section.split('\n')[0] ?? '', said: Number(said), rows }];
  });
}

/** `network:Vpc` and the like, wherever they stand. */
function named(text: string): string[] {
  return [...text.matchAll(/`([a-z-]+:[A-Z]\w*\*?)`/g)].map(([, name = '']) => name);
}

/** Every resource of every stack, as `stage:LogicalId`. */
let deployed: readonly string[] = [];

beforeAll(() => {
  const example = DEPLOY.example as { readonly deployers: readonly string[] };
  const file = {
    ...example,
    replicaRegions: [REPLICA],
    deployers: [...example.deployers, 'arn:aws:iam::111122223333:role/vault/vault-deploy'],
    pipeline: { source: 'upload', signingCertificate: CERTIFICATE },
  };
  const config = readRole(DEPLOY, { file, env: {} });
  const known = exampleKnown(config);
  deployed = [...stagesOf(config), keysReplicaStage(REPLICA)].flatMap((stage) =>
    Object.keys(synthesize(stage, known).Resources).map((id) => `${stage.id}:${id}`),
  );
});

/** @returns those that no stack has; `api:Deployment*` is any that begins so */
function missing(names: readonly string[]): string[] {
  return names.filter((name) =>
    name.endsWith('*')
      ? !deployed.some((one) => one.startsWith(name.slice(0, -1)))
      : !deployed.includes(name),
  );
}

describe('The page of parity', () => {
  test('has each of the sample’s 122 resources of 51 types once', () => {
    const rows = sections().flatMap(({ title, rows: own }) => own.map((row) => ({ ...row, title })));
    expect(rows).toHaveLength(122);
    expect(new Set(rows.map(({ type }) => type)).size).toBe(51);
    expect(new Set(rows.map(({ title, sample }) => `${title}:${sample}`)).size).toBe(122);
  });

  test('has as many rows for each template as it says', () => {
    for (const { title, said, rows } of sections()) expect(rows, title).toHaveLength(said);
  });

  test('names nothing that is not in a template', () => {
    expect(missing(named(PAGE))).toEqual([]);
  });

  test('says of each without a counterpart why', () => {
    const silent = sections()
      .flatMap(({ rows }) => rows)
      .filter(({ ours, remark }) => ours.length === 0 && remark === '');
    expect(silent).toEqual([]);
  });

  test('would be found out: a resource that nobody makes, and a stage that is none', () => {
    expect(missing(['network:Vpc', 'network:Nat', 'nothing:Vpc', 'api:Nothing*'])).toEqual([
      'network:Nat',
      'nothing:Vpc',
      'api:Nothing*',
    ]);
  });
});
