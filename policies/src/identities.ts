// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkKeyArn } from './check.ts';
import { KEY_ADMINISTRATION, KEY_CONTROL } from './key-common.ts';
import type { Home, KeyArns, PolicyDocument, Statement } from './types.ts';

/*
 * What each role may ask of KMS. The key policies delegate to the account, so a role needs its entry in the key policy
 * and this; the Denies that hold for everybody are in the key policies and are not repeated here.
 */

/** To sign as one side of the channel, and to see whether the configured root is that key's. */
export function channelCertificates(
  deployment: Home,
  keys: KeyArns | undefined,
  key: 'channelServer' | 'channelClient',
): Statement[] {
  const arn = keys === undefined ? anyKey(deployment) : keys[key];
  if (arn === undefined) return [];
  const on = keys === undefined ? arn : checkKeyArn(arn);
  return [allow('ChannelCertificates', ['kms:GetPublicKey', 'kms:Sign'], on)];
}

/** The deployment role makes, administers and retires keys; it uses none. */
export function deploymentIdentityPolicy(deployment: Home): PolicyDocument {
  checkHome(deployment);
  return document([
    allow('CreateAndFindKeys', ['kms:CreateKey', 'kms:ListAliases', 'kms:ListKeys'], '*'),
    // Key material that came from outside, or lies outside, is known or reachable elsewhere.
    {
      Sid: 'DenyForeignKeyMaterial',
      Effect: 'Deny',
      Action: 'kms:CreateKey',
      Resource: '*',
      Condition: {
        StringEquals: { 'kms:KeyOrigin': ['EXTERNAL', 'EXTERNAL_KEY_STORE', 'AWS_CLOUDHSM'] },
      },
    },
    // For CreateKey this check exists in identity policies only: the key has no policy yet.
    {
      Sid: 'DenyLockoutBypass',
      Effect: 'Deny',
      Action: ['kms:CreateKey', 'kms:PutKeyPolicy'],
      Resource: '*',
      Condition: { Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' } },
    },
    allow(
      'AdministerKeys',
      [...KEY_ADMINISTRATION, ...KEY_CONTROL, 'kms:ReplicateKey'],
      [anyKey(deployment), anyAlias(deployment)],
    ),
  ]);
}

/** What the break-glass role does in an emergency. Decrypting without the enclave takes a change of key policy first. */
export function breakGlassIdentityPolicy(deployment: Home): PolicyDocument {
  checkHome(deployment);
  return document([
    allow('FindKeys', ['kms:ListAliases', 'kms:ListKeys'], '*'),
    allow(
      'ControlKeys',
      [...KEY_ADMINISTRATION, ...KEY_CONTROL, 'kms:UpdatePrimaryRegion'],
      [anyKey(deployment), anyAlias(deployment)],
    ),
  ]);
}

/** An operator reads and administers keys, and changes neither who uses them nor whether they exist. */
export function adminIdentityPolicy(deployment: Home): PolicyDocument {
  checkHome(deployment);
  return document([
    allow('FindKeys', ['kms:ListAliases', 'kms:ListKeys'], '*'),
    allow('AdministerKeys', KEY_ADMINISTRATION, [anyKey(deployment), anyAlias(deployment)]),
  ]);
}

/** Every key of the deployment's account and Region; which of them a role reaches, key policies decide. */
export function anyKey({ partition, region, account }: Home): string {
  return `arn:${partition}:kms:${region}:${account}:key/*`;
}

/** Creating or moving an alias is authorized on the alias as well as on the key. */
export function anyAlias({ partition, region, account, name }: Home): string {
  return `arn:${partition}:kms:${region}:${account}:alias/${name}/*`;
}

/** An Allow of an identity policy. */
export function allow(
  sid: string,
  actions: string | readonly string[],
  resources: string | readonly string[],
  condition?: Statement['Condition'],
): Statement {
  const statement = { Sid: sid, Effect: 'Allow', Action: actions, Resource: resources } as const;
  return condition === undefined ? statement : { ...statement, Condition: condition };
}

/** An identity policy, which unlike a resource policy has no Id. */
export function document(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}
