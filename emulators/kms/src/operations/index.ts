// SPDX-License-Identifier: Apache-2.0
import { KmsError } from '../errors.ts';
import type { Operation } from '../operation.ts';
import { createAlias, deleteAlias, updateAlias } from './aliases.ts';
import { createKey } from './create-key.ts';
import { generateDataKey, generateDataKeyWithoutPlaintext } from './data-keys.ts';
import { decrypt } from './decrypt.ts';
import { encrypt } from './encrypt.ts';
import { createGrant, listGrants, revokeGrant } from './grants.ts';
import { generateDataKeyPair, generateDataKeyPairWithoutPlaintext } from './key-pairs.ts';
import { cancelKeyDeletion, describeKey, disableKey, enableKey, scheduleKeyDeletion } from './key-state.ts';
import { listAliases, listKeys, listResourceTags } from './lists.ts';
import { getKeyPolicy, putKeyPolicy } from './policies.ts';
import { generateRandom } from './random.ts';
import {
  disableKeyRotation,
  enableKeyRotation,
  getKeyRotationStatus,
  rotateKeyOnDemand,
} from './rotation.ts';
import { getPublicKey, sign, verify } from './signing.ts';

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['CancelKeyDeletion', cancelKeyDeletion],
  ['CreateAlias', createAlias],
  ['CreateGrant', createGrant],
  ['CreateKey', createKey],
  ['Decrypt', decrypt],
  ['DeleteAlias', deleteAlias],
  ['DescribeKey', describeKey],
  ['DisableKey', disableKey],
  ['DisableKeyRotation', disableKeyRotation],
  ['EnableKey', enableKey],
  ['EnableKeyRotation', enableKeyRotation],
  ['Encrypt', encrypt],
  ['GenerateDataKey', generateDataKey],
  ['GenerateDataKeyPair', generateDataKeyPair],
  ['GenerateDataKeyPairWithoutPlaintext', generateDataKeyPairWithoutPlaintext],
  ['GenerateDataKeyWithoutPlaintext', generateDataKeyWithoutPlaintext],
  ['GenerateRandom', generateRandom],
  ['GetKeyPolicy', getKeyPolicy],
  ['GetKeyRotationStatus', getKeyRotationStatus],
  ['GetPublicKey', getPublicKey],
  ['ListAliases', listAliases],
  ['ListGrants', listGrants],
  ['ListKeys', listKeys],
  ['ListResourceTags', listResourceTags],
  ['PutKeyPolicy', putKeyPolicy],
  ['RevokeGrant', revokeGrant],
  ['RotateKeyOnDemand', rotateKeyOnDemand],
  ['ScheduleKeyDeletion', scheduleKeyDeletion],
  ['Sign', sign],
  ['UpdateAlias', updateAlias],
  ['Verify', verify],
]);

/** What AWS offers and the emulator does not: asked for by mistake, not by a typing error. */
const NOT_OFFERED: ReadonlySet<string> = new Set([
  'Decapsulate',
  'DeriveSharedSecret',
  'Encapsulate',
  'GenerateMac',
  'GetParametersForImport',
  'ImportKeyMaterial',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ReEncrypt',
  'ReplicateKey',
  'RetireGrant',
  'TagResource',
  'UntagResource',
  'UpdateKeyDescription',
  'UpdatePrimaryRegion',
  'VerifyMac',
]);

/** @throws {KmsError} UnsupportedOperationException, UnknownOperationException */
export function findOperation(name: string): Operation {
  const operation = OPERATIONS.get(name);
  if (operation !== undefined) return operation;
  if (NOT_OFFERED.has(name))
    throw new KmsError('UnsupportedOperationException', `The emulator has no ${name}.`);
  throw new KmsError('UnknownOperationException', 'The requested operation is not known.');
}
