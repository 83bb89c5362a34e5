// SPDX-License-Identifier: Apache-2.0

import type { ResolvedKey } from '../arns.ts';
import type { Conditions } from '../conditions.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Call } from '../service.ts';
import { integer, optional } from '../shapes.ts';
import { daysFrom, rotated } from '../state/changes.ts';
import { timestamp } from './key-metadata.ts';
import { change, managedKey } from './key-state.ts';
import { requireEnabled, requireNotPendingDeletion } from './keys-in-use.ts';
import { keyId } from './members.ts';

/** On-demand rotations in a key's life (KMS Developer Guide, "Perform on-demand key rotation"). */
const MAX_ON_DEMAND = 25;

const onlyKeyId = { KeyId: keyId };
const loggedKeyId = ({ KeyId }: { readonly KeyId: string }): Record<string, unknown> => ({ keyId: KeyId });

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html */
export const enableKeyRotation = operation(
  { KeyId: keyId, RotationPeriodInDays: optional(integer(90, 2560)) },
  {
    logged: ({ KeyId, RotationPeriodInDays }) => ({
      keyId: KeyId,
      ...(RotationPeriodInDays === undefined ? {} : { rotationPeriodInDays: RotationPeriodInDays }),
    }),
    async run(call, input) {
      const { RotationPeriodInDays: period } = input;
      const condition = period === undefined ? {} : { 'kms:RotationPeriodInDays': String(period) };
      const resolved = rotatingKey(call, input.KeyId, condition);
      await change(call, resolved, (key) => {
        requireEnabled({ ...resolved, key });
        const periodDays = period ?? key.rotation?.periodDays ?? 365;
        return { ...key, rotation: { periodDays, nextAt: daysFrom(call.now, periodDays) } };
      });
      return {};
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKeyRotation.html */
export const disableKeyRotation = operation(onlyKeyId, {
  logged: loggedKeyId,
  async run(call, input) {
    const resolved = rotatingKey(call, input.KeyId);
    await change(call, resolved, (key) => {
      requireEnabled({ ...resolved, key });
      return { ...key, rotation: null };
    });
    return {};
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html */
export const getKeyRotationStatus = operation(onlyKeyId, {
  readOnly: true,
  logged: loggedKeyId,
  run(call, input) {
    const resolved = managedKey(call, input.KeyId);
    requireNotPendingDeletion(resolved);
    const { rotation } = resolved.key;
    if (rotation === null) return { KeyId: resolved.arn, KeyRotationEnabled: false };
    return {
      KeyId: resolved.arn,
      KeyRotationEnabled: true,
      RotationPeriodInDays: rotation.periodDays,
      NextRotationDate: timestamp(rotation.nextAt),
    };
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html; done before the answer. */
export const rotateKeyOnDemand = operation(onlyKeyId, {
  logged: loggedKeyId,
  async run(call, input) {
    const resolved = rotatingKey(call, input.KeyId);
    await change(call, resolved, (key) => {
      requireEnabled({ ...resolved, key });
      if (key.materials.filter(({ origin }) => origin === 'ON_DEMAND').length >= MAX_ON_DEMAND) {
        throw new KmsError(
          'LimitExceededException',
          `A key is rotated on demand ${MAX_ON_DEMAND} times at most.`,
        );
      }
      return rotated(key, 'ON_DEMAND', call.now);
    });
    return { KeyId: resolved.arn };
  },
});

/** A key of the kind that rotates: a public key that others hold cannot change under its name. */
function rotatingKey(call: Call, name: string, conditions?: Conditions): ResolvedKey {
  const resolved = managedKey(call, name, conditions);
  if (resolved.key.spec !== 'SYMMETRIC_DEFAULT') {
    throw new KmsError('UnsupportedOperationException', `${resolved.arn} is asymmetric: it is not rotated.`);
  }
  return resolved;
}
