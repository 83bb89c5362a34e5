// SPDX-License-Identifier: Apache-2.0
import { DATA, DECRYPTION, exampleKnown, KEYS, NETWORK, type Stage, synthesize } from '@enclave-vault/infra';
import { describe, expect, test } from 'vitest';
import { unprotected } from '../../src/destroy/unprotected.ts';
import { exampleConfig } from '../support/rehearsal.ts';

const known = exampleKnown(exampleConfig({ replicaRegions: ['eu-west-1'] }));
const template = (stage: Stage): string => JSON.stringify(synthesize(stage, known));

/** Paths of values that differ, with what they became. */
function changes(before: unknown, after: unknown, path = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null) {
    return [`${path} ${JSON.stringify(after)}`];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    changes(Reflect.get(before, name), Reflect.get(after, name), path === '' ? name : `${path}.${name}`),
  );
}

const lifted = (stage: Stage, all = false): string[] => {
  const text = template(stage);
  return changes(JSON.parse(text), JSON.parse(unprotected(text, { all }))).map((change) =>
    change.replace(/^Resources\.\w+\.Properties\./, ''),
  );
};

describe('protections of the real templates', () => {
  test('are lifted, and nothing else changes', () => {
    expect(lifted(NETWORK)).toEqual(['MutationProtection "DISABLED"']);
    expect(lifted(DECRYPTION)).toEqual([
      expect.stringMatching(/^LoadBalancerAttributes\.\d+\.Value "false"$/),
    ]);
    expect(lifted(DATA).sort()).toEqual([
      'DeletionProtectionEnabled false',
      'Replicas.0.DeletionProtectionEnabled false',
      'Replicas.1.DeletionProtectionEnabled false',
    ]);
    expect(lifted(KEYS)).toEqual([]);
  });

  test('and retained resources go as well where all is to go', () => {
    const policies = lifted(KEYS, true);
    expect(policies.filter((change) => /^Resources\.\w+\.DeletionPolicy "Delete"$/.test(change)).length).toBe(
      10,
    );
    // CloudFormation takes no other deletion policy by itself.
    expect(policies.filter((change) => change.startsWith('Description '))).toHaveLength(5);
    expect(policies).toHaveLength(15);
    const once = unprotected(template(KEYS), { all: true });
    expect(unprotected(once, { all: true })).toBe(once);
    expect(JSON.stringify(JSON.parse(unprotected(template(DATA), { all: true })))).not.toContain(
      '"DeletionPolicy":"Retain"',
    );
  });
});
