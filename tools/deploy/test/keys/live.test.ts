// SPDX-License-Identifier: Apache-2.0
import {
  EXAMPLE_MEASUREMENTS,
  exampleKnown,
  KEYS,
  keysReplicaStage,
  synthesize,
  type Template,
} from '@enclave-vault/infra';
import { describe, expect, test } from 'vitest';
import { shutTemplate } from '../../src/destroy/shut-template.ts';
import { liveMeasurements } from '../../src/keys/live.ts';
import { exampleConfig } from '../support/rehearsal.ts';
import { refusal } from '../support/tools.ts';

const config = exampleConfig({ replicaRegions: ['eu-west-1'] });
const known = exampleKnown(config);
const open = synthesize(KEYS, known);
const shut = synthesize(KEYS, { ...known, measurements: null });
const text = (template: Template): string => JSON.stringify(template);

describe('what deployed keys admit', () => {
  test('is read back from the templates that are deployed: what was written, in either case, and nobody', () => {
    expect(liveMeasurements(text(open))).toEqual(EXAMPLE_MEASUREMENTS);
    expect(liveMeasurements(text(open).replaceAll(/a{96}/g, (hex) => hex.toUpperCase()))).toEqual(
      EXAMPLE_MEASUREMENTS,
    );
    expect(liveMeasurements(text(shut))).toBeNull();
  });

  test('is read of replicas as well', () => {
    const replica = synthesize(keysReplicaStage('eu-west-1'), known);
    expect(liveMeasurements(text(replica))).toEqual(EXAMPLE_MEASUREMENTS);
  });

  test('is a list while two images run', () => {
    const both = { ...EXAMPLE_MEASUREMENTS, pcr0: ['a'.repeat(96), '1'.repeat(96)] };
    expect(liveMeasurements(text(synthesize(KEYS, { ...known, measurements: both })))).toEqual(both);
  });

  type Change = (statements: Record<string, unknown>[]) => Record<string, unknown>[];
  const pcr0 =
    (change: (statement: Record<string, unknown>) => Record<string, unknown>): Change =>
    (all) =>
      all.map((one) => (one.Sid === 'DenyWithoutPCR0' ? change(one) : one));
  const condition = (values: unknown) => ({
    StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:PCR0': values },
  });

  test.each<[string, Change]>([
    ['a register that is not asked for', (all) => all.filter(({ Sid }) => Sid !== 'DenyWithoutPCR16')],
    [
      'a register that is asked for twice',
      (all) => [...all, ...all.filter(({ Sid }) => Sid === 'DenyWithoutPCR0')],
    ],
    ['an Allow of that name', pcr0((one) => ({ ...one, Effect: 'Allow' }))],
    ['no condition', pcr0(({ Condition: _, ...one }) => one)],
    [
      'another operator',
      pcr0((one) => ({ ...one, Condition: { StringNotLike: { 'kms:RecipientAttestation:PCR0': ['*'] } } })),
    ],
    [
      'a second operator',
      pcr0((one) => ({
        ...one,
        Condition: { ...condition(['a'.repeat(96)]), Bool: { 'aws:ViaAWSService': 'false' } },
      })),
    ],
    [
      'a second key',
      pcr0((one) => ({
        ...one,
        Condition: {
          StringNotEqualsIgnoreCase: {
            'kms:RecipientAttestation:PCR0': ['a'.repeat(96)],
            'aws:SourceVpc': ['vpc-1'],
          },
        },
      })),
    ],
    ['an empty list', pcr0((one) => ({ ...one, Condition: condition([]) }))],
    ['a value that is no digest', pcr0((one) => ({ ...one, Condition: condition(['*']) }))],
    ['one value outside a list', pcr0((one) => ({ ...one, Condition: condition('a'.repeat(96)) }))],
  ])('cannot be told with %s, in one key of several', async (_, change) => {
    const changed = JSON.parse(text(open)) as {
      Resources: Record<string, { Properties: { KeyPolicy: { Statement: Record<string, unknown>[] } } }>;
    };
    const policy = changed.Resources.RequestKey?.Properties.KeyPolicy;
    if (policy === undefined) throw new Error('no request key');
    policy.Statement = change(policy.Statement);
    const action = async () => liveMeasurements(JSON.stringify(changed));
    expect((await refusal(action())).code).toBe('live_set_unclear');
  });

  test('cannot be told of keys that differ, of a stack without keys, of text that is no JSON', async () => {
    const { RequestKey } = shut.Resources;
    const mixed = { ...open, Resources: { ...open.Resources, RequestKey } };
    for (const template of [
      JSON.stringify(mixed),
      '{"Resources":{}}',
      '{}',
      'AWSTemplateFormatVersion: 2010-09-09',
    ]) {
      expect((await refusal((async () => liveMeasurements(template))())).code).toBe('live_set_unclear');
    }
  });
});

test('shutting a deployed template gives, byte for byte, the one that would be made shut', () => {
  expect(shutTemplate(text(open))).toBe(text(shut));
  expect(shutTemplate(text(shut))).toBe(text(shut));
});
