// SPDX-License-Identifier: Apache-2.0
import { keyOf, type ResolvedKey, resolveKey } from '../arns.ts';
import { authorizeKey } from '../authorize.ts';
import type { EncryptionContext } from '../ciphertext.ts';
import { type Conditions, contextConditions } from '../conditions.ts';
import { KmsError } from '../errors.ts';
import type { Call } from '../service.ts';
import { type KeyUsage, usageOf } from '../specs.ts';
import { isRotationDue, rotated, withKey } from '../state/changes.ts';
import type { KmsKey } from '../state/model.ts';

/**
 * The key of an operation that wraps or unwraps: found, authorized, of the right kind, and in a state to be used.
 * @throws {KmsError} NotFoundException, AccessDeniedException, InvalidKeyUsageException, DisabledException,
 *   KMSInvalidStateException
 */
export function keyForUse(
  call: Call,
  name: string,
  context: EncryptionContext,
  conditions: Conditions = {},
): ResolvedKey {
  const resolved = resolveKey(call.service, name);
  authorizeUse(call, resolved, context, conditions);
  return resolved;
}

/** The same for a key already found. */
export function authorizeUse(
  call: Call,
  resolved: ResolvedKey,
  context: EncryptionContext,
  conditions: Conditions = {},
): void {
  authorizeKey(call, resolved, {
    ...conditions,
    ...contextConditions(context),
    ...call.recipient?.conditions,
  });
  requireUsage(resolved, 'ENCRYPT_DECRYPT');
  requireEnabled(resolved);
}

/** @throws {KmsError} InvalidKeyUsageException */
export function requireUsage({ key, arn }: ResolvedKey, usage: KeyUsage): void {
  if (usageOf(key.spec) === usage) return;
  throw new KmsError('InvalidKeyUsageException', `${arn} key usage is ${usageOf(key.spec)}, not ${usage}.`);
}

/** @throws {KmsError} DisabledException, KMSInvalidStateException */
export function requireEnabled({ key, arn }: ResolvedKey): void {
  requireNotPendingDeletion({ key, arn });
  if (key.state === 'Disabled') throw new KmsError('DisabledException', `${arn} is disabled.`);
}

/** @throws {KmsError} KMSInvalidStateException */
export function requireNotPendingDeletion({ key, arn }: Pick<ResolvedKey, 'key' | 'arn'>): void {
  if (key.state === 'PendingDeletion') {
    throw new KmsError('KMSInvalidStateException', `${arn} is pending deletion.`);
  }
}

/** The key to encrypt with: when its automatic rotation is due, rotated first. */
export async function keyForEncryption(call: Call, { key }: ResolvedKey): Promise<KmsKey> {
  const { service, now } = call;
  if (!isRotationDue(key, now)) return key;
  return service.store.update((state) => {
    const current = keyOf(service, state, key.id);
    if (!isRotationDue(current, now)) return [state, current];
    const next = rotated(current, 'AUTOMATIC', now);
    return [withKey(state, next), next];
  });
}
