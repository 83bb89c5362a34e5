// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { newMaterial } from '../../src/state/changes.ts';
import type { KmsKey, State } from '../../src/state/model.ts';

export function testKey(): KmsKey {
  const policyText = '{"Version":"2012-10-17","Statement":[]}';
  return {
    id: randomUUID(),
    description: '',
    createdAt: 0,
    state: 'Enabled',
    deletionAt: null,
    policyText,
    policy: { Version: '2012-10-17', Statement: [] },
    grants: [],
    tags: [{ TagKey: 'a', TagValue: 'b' }],
    spec: 'SYMMETRIC_DEFAULT',
    rotation: null,
    materials: [newMaterial('CREATED', 0)],
  };
}

export function testState(keys: readonly KmsKey[] = []): State {
  return {
    region: 'eu-central-1',
    account: '111122223333',
    authority: { certificate: 'certificate', privateKey: 'private key' },
    keys: new Map(keys.map((key) => [key.id, key])),
    aliases: new Map(),
  };
}
