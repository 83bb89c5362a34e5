// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { KEYS, keysReplicaStage, namesOf } from '../../../src/index.ts';
import type { Life } from './life.ts';

/** Values of a register that the vault key admits, from the policy as it stands in the account; null: nobody decrypts. */
export function admitted(life: Life, region = life.config.region): readonly string[] | null {
  const stage = region === life.config.region ? KEYS : keysReplicaStage(region);
  const stack = life.cloud(region).get(namesOf(life.config).stack(stage.id));
  const policy = stack.resources.get('VaultKey')?.thing.policy;
  const statements = [policy?.Statement ?? []].flat();
  const pinned = statements.find(({ Sid }) => Sid === 'DenyWithoutPCR0');
  if (pinned === undefined) {
    expect(statements.map(({ Sid }) => Sid)).toContain('DenyDecryptBeforeMeasurements');
    return null;
  }
  const values = pinned.Condition?.StringNotEqualsIgnoreCase?.['kms:RecipientAttestation:PCR0'];
  return [values ?? []].flat().map(String);
}
