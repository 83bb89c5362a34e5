// SPDX-License-Identifier: Apache-2.0
import { RecordsError } from './errors.ts';
import { isTenant, isVaultId } from './names.ts';

/** Whose record it is; bound into every sealed field. */
export interface RecordIdentity {
  readonly tenant: string;
  readonly vaultId: string;
}

/**
 * A copy, read once, so that it can't change between check and use. Throws `invalid_name` unless both names are
 * allowed: then neither has a NUL, and `info3` is unambiguous.
 */
export function checkIdentity({ tenant, vaultId }: RecordIdentity): RecordIdentity {
  if (!isTenant(tenant) || !isVaultId(vaultId)) throw new RecordsError('invalid_name');
  return { tenant, vaultId };
}

/** HPKE info of encoding 3. */
export function info3({ tenant, vaultId }: RecordIdentity): Buffer {
  return Buffer.from(`enclave-vault/3\0${tenant}\0${vaultId}`, 'latin1');
}

/** HPKE info of encodings 1 and 2, as the AWS sample has it: no tenant. */
export function info12({ vaultId }: RecordIdentity): Buffer {
  return Buffer.from(vaultId, 'latin1');
}
