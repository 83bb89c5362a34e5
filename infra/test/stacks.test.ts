// SPDX-License-Identifier: Apache-2.0
import { STACKS } from '@enclave-vault/policies';
import { expect, it } from 'vitest';
import { STAGES } from '../src/index.ts';
import { keysReplicaStage } from '../src/stages/keys/replica.ts';

it('the stacks that deployers may work on are those of the stages', () => {
  const stages = [...STAGES, keysReplicaStage('eu-west-1')].map(({ id }) => id);
  expect([...STACKS].sort()).toEqual(stages.sort());
});
