// SPDX-License-Identifier: Apache-2.0
import type { EncryptionContext } from './ciphertext.ts';
import type { Call } from './service.ts';
import { usageOf } from './specs.ts';
import type { KmsKey, State } from './state/model.ts';

export type Conditions = Record<string, string | readonly string[]>;

/*
 * Condition keys as KMS has them (KMS Developer Guide, "Condition keys for AWS KMS"; IAM User Guide, "AWS global
 * condition context keys"). Keys about the principal come from emulators/iam. kms:ViaService is never there: nobody
 * calls on another's behalf here.
 */

/** What every request has. A request through a VPC endpoint has no aws:SourceIp. */
export function requestConditions(call: Call): Conditions {
  const { network, now, service } = call;
  const conditions: Conditions = {
    'aws:RequestedRegion': service.config.region,
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:UserAgent': call.userAgent,
    'kms:CallerAccount': call.principal.arn.split(':')[4] ?? '',
  };
  if (network === null) {
    conditions['aws:SourceIp'] = call.sourceAddress;
    return conditions;
  }
  conditions['aws:VpcSourceIp'] = call.sourceAddress;
  if (network.sourceVpc !== undefined) conditions['aws:SourceVpc'] = network.sourceVpc;
  if (network.sourceVpce !== undefined) conditions['aws:SourceVpce'] = network.sourceVpce;
  return conditions;
}

/** What is known of the key asked for. */
export function keyConditions(state: State, key: KmsKey, requestAlias?: string): Conditions {
  const conditions: Conditions = {
    'kms:KeySpec': key.spec,
    'kms:KeyUsage': usageOf(key.spec),
    'kms:KeyOrigin': 'AWS_KMS',
    'kms:MultiRegion': 'false',
  };
  const aliases = [...state.aliases.values()].filter((alias) => alias.keyId === key.id);
  if (aliases.length > 0) conditions['kms:ResourceAliases'] = aliases.map((alias) => alias.name);
  if (requestAlias !== undefined) conditions['kms:RequestAlias'] = requestAlias;
  for (const { TagKey, TagValue } of key.tags) conditions[`aws:ResourceTag/${TagKey}`] = TagValue;
  return conditions;
}

/** kms:EncryptionContext:NAME for each pair, and the names as kms:EncryptionContextKeys. Nothing for an empty context. */
export function contextConditions(context: EncryptionContext): Conditions {
  if (context.size === 0) return {};
  const conditions: Conditions = { 'kms:EncryptionContextKeys': [...context.keys()] };
  for (const [name, value] of context) conditions[`kms:EncryptionContext:${name}`] = value;
  return conditions;
}
