// SPDX-License-Identifier: Apache-2.0
import { checkMeasurements } from './check.ts';
import {
  allowRole,
  attestationDenies,
  checkKeyPlace,
  denyAll,
  denyOthers,
  type KeyPlace,
  keyDocument,
} from './key-common.ts';
import type { Measurements, PolicyDocument, Statement } from './types.ts';

/** Value of the encryption context `purpose` of a request data key. */
export const REQUEST_PURPOSE = 'enclave-request/1';

/** Every integrity data key has an encryption context {purpose: `integrity/…`}. */
export const INTEGRITY_PURPOSE_PREFIX = 'integrity/';

/** Uses of a symmetric key that some key of the vault has no business with. */
const USES = [
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
] as const;

/**
 * Denied by name: `kms:GenerateDataKey*` would also catch the operation a key is for. Whoever could call one of
 * these would wrap a key of his own under a record's context, and read what is sealed to it.
 */
function denyUsesBut(...allowed: readonly (typeof USES)[number][]): Statement {
  return denyAll(
    'DenyOtherUses',
    USES.filter((use) => !allowed.includes(use)),
  );
}

/** Denies any encryption context that has a key beyond those listed. Context keys are compared case-sensitively here only. */
function denyOtherContext(actions: readonly string[], keys: readonly string[]): Statement {
  return denyAll('DenyOtherContext', actions, {
    'ForAnyValue:StringNotEquals': { 'kms:EncryptionContextKeys': keys },
  });
}

/**
 * Policy of the key that wraps records' private keys. The API's role makes P-384 key pairs under a record's context and
 * never sees a private key; only the attested enclave, with the instance role's credentials, decrypts one.
 * @param measurements null: nothing decrypts, whoever asks
 * @throws {PolicyInputError}
 */
export function vaultKeyPolicy(deployment: KeyPlace, measurements: Measurements | null): PolicyDocument {
  check(deployment, measurements);
  const { roles } = deployment;
  const uses = ['kms:Decrypt', 'kms:GenerateDataKeyPairWithoutPlaintext'] as const;
  return keyDocument(deployment, 'vault-key', [
    allowRole('AllowApiKeyPairs', deployment, roles.api, [uses[1]]),
    allowRole('AllowEnclaveDecrypt', deployment, roles.instance, [uses[0]]),
    ...attestationDenies(measurements),
    denyOthers('DenyDecryptByOthers', uses[0], roles.instance),
    denyOthers('DenyKeyPairsByOthers', uses[1], roles.api),
    denyAll('DenyOtherKeyPairSpecs', uses[1], {
      StringNotEquals: { 'kms:DataKeyPairSpec': 'ECC_NIST_P384' },
    }),
    denyAll('DenyWithoutVaultId', uses, { StringNotLike: { 'kms:EncryptionContext:vault_id': 'v_?*' } }),
    denyAll('DenyWithoutTenantId', uses, { StringNotLike: { 'kms:EncryptionContext:tenant_id': '?*' } }),
    denyOtherContext(uses, ['vault_id', 'tenant_id']),
    denyUsesBut('kms:GenerateDataKeyPairWithoutPlaintext'),
  ]);
}

/**
 * Policy of a key that wrapped the private keys of imported records, which have no encryption context. It wraps
 * nothing any more: only the attested enclave decrypts.
 * @param measurements null: nothing decrypts, whoever asks
 * @throws {PolicyInputError}
 */
export function legacyKeyPolicy(deployment: KeyPlace, measurements: Measurements | null): PolicyDocument {
  check(deployment, measurements);
  const { roles } = deployment;
  return keyDocument(deployment, 'legacy-key', [
    allowRole('AllowEnclaveDecrypt', deployment, roles.instance, ['kms:Decrypt']),
    ...attestationDenies(measurements),
    denyOthers('DenyDecryptByOthers', 'kms:Decrypt', roles.instance),
    denyUsesBut(),
  ]);
}

/**
 * Policy of the key under which the API makes request data keys. Apart from the answer to that call, only the attested
 * enclave gets one: what the parent relays stays closed to it.
 * @param measurements null: nothing decrypts, whoever asks
 * @throws {PolicyInputError}
 */
export function requestKeyPolicy(deployment: KeyPlace, measurements: Measurements | null): PolicyDocument {
  check(deployment, measurements);
  const { roles } = deployment;
  const uses = ['kms:Decrypt', 'kms:GenerateDataKey'] as const;
  return keyDocument(deployment, 'request-key', [
    allowRole('AllowApiDataKeys', deployment, roles.api, [uses[1]]),
    allowRole('AllowEnclaveDecrypt', deployment, roles.instance, [uses[0]]),
    ...attestationDenies(measurements),
    denyOthers('DenyDecryptByOthers', uses[0], roles.instance),
    denyOthers('DenyDataKeysByOthers', uses[1], roles.api),
    denyAll('DenyOtherPurposes', uses, {
      StringNotEquals: { 'kms:EncryptionContext:purpose': REQUEST_PURPOSE },
    }),
    denyOtherContext(uses, ['purpose']),
    denyUsesBut('kms:GenerateDataKey'),
  ]);
}

/**
 * Policy of the key behind record authentication and audit chains. Only the API's role makes and unwraps its data
 * keys: a writer of the store, the parent and the enclave cannot forge either.
 * @throws {PolicyInputError}
 */
export function integrityKeyPolicy(deployment: KeyPlace): PolicyDocument {
  check(deployment, null);
  const uses = ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'] as const;
  return keyDocument(deployment, 'integrity-key', [
    allowRole('AllowApiUse', deployment, deployment.roles.api, uses),
    denyOthers('DenyUseByOthers', uses, deployment.roles.api),
    denyAll('DenyOtherPurposes', uses, {
      StringNotLike: { 'kms:EncryptionContext:purpose': `${INTEGRITY_PURPOSE_PREFIX}?*` },
    }),
    denyOtherContext(uses, ['purpose']),
    denyUsesBut('kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'),
  ]);
}

function check(deployment: KeyPlace, measurements: Measurements | null): void {
  checkKeyPlace(deployment);
  if (measurements !== null) checkMeasurements(measurements);
}
