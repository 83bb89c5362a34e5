// SPDX-License-Identifier: Apache-2.0
import { arnIn, regionsOf } from './arns.ts';
import { checkHome, checkKeyArn } from './check.ts';
import { KEY_ADMINISTRATION, KEY_CONTROL } from './key-common.ts';
import { READING, TABLE_CONTROL } from './people.ts';
import { restoreAllows } from './restore.ts';
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
    // A tag counts up to five minutes after it was set (KMS Developer Guide, "ABAC for AWS KMS"), and a new key is worked on
    // at once: so no tag is demanded, and one of another vault refused.
    allow(
      'AdministerKeys',
      [...KEY_ADMINISTRATION, ...KEY_CONTROL, 'kms:ReplicateKey'],
      [...anyKeys(deployment), anyAlias(deployment)],
      { StringEqualsIfExists: { 'aws:ResourceTag/enclave-vault': deployment.name } },
    ),
  ]);
}

/** What the break-glass role does in an emergency. Decrypting without the enclave takes a change of key policy first. */
export function breakGlassIdentityPolicy(deployment: Home): PolicyDocument {
  checkHome(deployment);
  return document([
    allow('Find', READING, '*'),
    allow(
      'ControlKeys',
      [...KEY_ADMINISTRATION, ...KEY_CONTROL, 'kms:UpdatePrimaryRegion'],
      [...anyKeys(deployment), anyAlias(deployment)],
    ),
    allow('ControlTable', TABLE_CONTROL, arnIn(deployment, 'dynamodb', `table/${deployment.name}-*`, '*')),
    ...restoreAllows(deployment),
  ]);
}

/** An operator reads and administers keys, and changes neither who uses them nor whether they exist. */
export function adminIdentityPolicy(deployment: Home): PolicyDocument {
  checkHome(deployment);
  return document([
    allow('FindKeys', ['kms:ListAliases', 'kms:ListKeys'], '*'),
    allow('AdministerKeys', KEY_ADMINISTRATION, [...anyKeys(deployment), anyAlias(deployment)]),
  ]);
}

/** Every key of the deployment's account and Region; which of them a role reaches, key policies decide. */
export function anyKey({ partition, region, account }: Home): string {
  return `arn:${partition}:kms:${region}:${account}:key/*`;
}

/** The same in every Region that the deployment is replicated to. */
export function anyKeys(home: Home): readonly string[] {
  return regionsOf(home).map((region) => anyKey({ ...home, region }));
}

/** Creating or moving an alias is authorized on the alias as well as on the key. In any Region: the name says whose it is. */
export function anyAlias(home: Home): string {
  return arnIn(home, 'kms', `alias/${home.name}/*`, '*');
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
