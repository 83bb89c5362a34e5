// SPDX-License-Identifier: Apache-2.0
import { keyOf, type ResolvedKey, resolveKey, resolveKeyId } from '../arns.ts';
import { authorizeKey } from '../authorize.ts';
import type { Conditions } from '../conditions.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Call } from '../service.ts';
import { integer, optional } from '../shapes.ts';
import { daysFrom, withKey } from '../state/changes.ts';
import type { KmsKey } from '../state/model.ts';
import { keyMetadata, timestamp } from './key-metadata.ts';
import { requireNotPendingDeletion } from './keys-in-use.ts';
import { grantTokens, keyId } from './members.ts';

const onlyKeyId = { KeyId: keyId };
const loggedKeyId = ({ KeyId }: { readonly KeyId: string }): Record<string, unknown> => ({ keyId: KeyId });

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html */
export const describeKey = operation(
  { KeyId: keyId, GrantTokens: grantTokens },
  {
    readOnly: true,
    logged: loggedKeyId,
    run(call, input) {
      const resolved = resolveKey(call.service, input.KeyId);
      authorizeKey(call, resolved);
      return { KeyMetadata: keyMetadata(call.service, resolved.key) };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html */
export const enableKey = operation(onlyKeyId, {
  logged: loggedKeyId,
  async run(call, input) {
    const resolved = managedKey(call, input.KeyId);
    await change(call, resolved, (key) => {
      requireNotPendingDeletion({ ...resolved, key });
      return { ...key, state: 'Enabled' };
    });
    return {};
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html */
export const disableKey = operation(onlyKeyId, {
  logged: loggedKeyId,
  async run(call, input) {
    const resolved = managedKey(call, input.KeyId);
    await change(call, resolved, (key) => {
      requireNotPendingDeletion({ ...resolved, key });
      return { ...key, state: 'Disabled' };
    });
    return {};
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html */
export const scheduleKeyDeletion = operation(
  { KeyId: keyId, PendingWindowInDays: optional(integer(7, 30)) },
  {
    logged: ({ KeyId, PendingWindowInDays }) => ({
      keyId: KeyId,
      pendingWindowInDays: PendingWindowInDays ?? 30,
    }),
    async run(call, input) {
      const days = input.PendingWindowInDays ?? 30;
      const resolved = managedKey(call, input.KeyId, {
        'kms:ScheduleKeyDeletionPendingWindowInDays': String(days),
      });
      const deletionAt = daysFrom(call.now, days);
      await change(call, resolved, (key) => {
        requireNotPendingDeletion({ ...resolved, key });
        return { ...key, state: 'PendingDeletion', deletionAt };
      });
      return {
        KeyId: resolved.arn,
        DeletionDate: timestamp(deletionAt),
        KeyState: 'PendingDeletion',
        PendingWindowInDays: days,
      };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html; the key is disabled afterwards. */
export const cancelKeyDeletion = operation(onlyKeyId, {
  logged: loggedKeyId,
  async run(call, input) {
    const resolved = managedKey(call, input.KeyId);
    await change(call, resolved, (key) => {
      if (key.state !== 'PendingDeletion') {
        throw new KmsError('KMSInvalidStateException', `${resolved.arn} is not pending deletion.`);
      }
      return { ...key, state: 'Disabled', deletionAt: null };
    });
    return { KeyId: resolved.arn };
  },
});

/** A key found by id or ARN and authorized. */
export function managedKey(call: Call, name: string, conditions: Conditions = {}): ResolvedKey {
  const resolved = resolveKeyId(call.service, name);
  authorizeKey(call, resolved, conditions);
  return resolved;
}

/** Changes a key; the function sees it as it is when its turn comes, and may throw. */
export async function change(
  call: Call,
  { key }: ResolvedKey,
  next: (key: KmsKey) => KmsKey,
): Promise<KmsKey> {
  return call.service.store.update((state) => {
    const changed = next(keyOf(call.service, state, key.id));
    return [withKey(state, changed), changed];
  });
}
