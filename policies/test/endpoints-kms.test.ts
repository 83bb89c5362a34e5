// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type Principal,
  validatePolicy,
} from '../../emulators/iam/src/index.ts';
import { kmsEndpointPolicy, type PolicyDocument } from '../src/index.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, KEYS, OTHER } from './support.ts';

const foreignKey = KEYS.vault.replace(ACCOUNT, OTHER);
const acmKey = KEYS.vault.replace(ACCOUNT, '999999999999');
const keys = [KEYS.vault, KEYS.request, KEYS.integrity];
const session: Principal = {
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/guest/a`,
  type: 'assumed-role',
  account: ACCOUNT,
};

/** Only the endpoint policy decides: everything else allows. */
function passes(
  endpoint: PolicyDocument,
  principal: Principal,
  action: string,
  resource: string,
  context: ContextValues = {},
): boolean {
  const everyone = ALLOW_ALL.Statement.map((statement) => ({ ...statement, Principal: '*' as const }));
  return evaluateRequest(
    { principal, action, resource, resourceAccount: resource.split(':')[4] ?? '', context },
    { identity: [ALLOW_ALL], resource: { ...ALLOW_ALL, Statement: everyone }, endpoint },
  ).allowed;
}

describe('kmsEndpointPolicy', () => {
  const policy = kmsEndpointPolicy(DEPLOYMENT, { keys });

  it('is an endpoint policy', () => {
    expect(validatePolicy(policy, 'endpoint')).toEqual([]);
    expect(validatePolicy(kmsEndpointPolicy(DEPLOYMENT, { acmKey }), 'endpoint')).toEqual([]);
  });

  it.each([
    'Decrypt',
    'GenerateDataKey',
    'GenerateDataKeyPairWithoutPlaintext',
    'GenerateDataKeyWithoutPlaintext',
    'Sign',
    'GetPublicKey',
    'DescribeKey',
  ])('lets our principals take kms:%s on our keys only', (operation) => {
    const action = `kms:${operation}`;
    expect(passes(policy, CALLERS.api, action, KEYS.vault)).toBe(true);
    expect(passes(policy, session, action, KEYS.request)).toBe(true);
    expect(passes(policy, CALLERS.stranger, action, KEYS.vault)).toBe(false);
    expect(passes(policy, CALLERS.api, action, foreignKey)).toBe(false);
    expect(passes(policy, CALLERS.service, action, KEYS.vault)).toBe(false);
  });

  it.each([
    'Encrypt',
    'ReEncryptFrom',
    'CreateGrant',
    'PutKeyPolicy',
    'ScheduleKeyDeletion',
    'GenerateDataKeyPair',
    'Verify',
  ])('lets nobody take kms:%s through the network of the workloads', (operation) => {
    expect(passes(policy, CALLERS.api, `kms:${operation}`, KEYS.vault)).toBe(false);
    expect(passes(policy, CALLERS.deployment, `kms:${operation}`, KEYS.vault)).toBe(false);
  });

  it('needs both accounts to be ours', () => {
    const elsewhere = { 'aws:ResourceAccount': OTHER };
    expect(passes(policy, CALLERS.api, 'kms:Decrypt', KEYS.vault, elsewhere)).toBe(false);
    expect(passes(policy, { ...CALLERS.stranger, account: OTHER }, 'kms:Decrypt', KEYS.vault)).toBe(false);
  });

  it('is for any key of ours before they exist', () => {
    const early = kmsEndpointPolicy(DEPLOYMENT);
    expect(passes(early, CALLERS.api, 'kms:Decrypt', KEYS.vault)).toBe(true);
    expect(passes(early, CALLERS.api, 'kms:Decrypt', foreignKey)).toBe(false);
    expect(passes(early, CALLERS.api, 'kms:Decrypt', KEYS.vault.replace('eu-central-1', 'eu-west-1'))).toBe(
      false,
    );
  });

  it('is for the uses of the roles behind it, once they are named', () => {
    const narrow = kmsEndpointPolicy(DEPLOYMENT, {
      workloads: [DEPLOYMENT.roles.api, DEPLOYMENT.roles.instance],
    });
    expect(validatePolicy(narrow, 'endpoint')).toEqual([]);
    for (const action of ['kms:Decrypt', 'kms:Sign', 'kms:GetPublicKey', 'kms:DescribeKey']) {
      expect(passes(narrow, CALLERS.api, action, KEYS.vault)).toBe(true);
      expect(passes(narrow, CALLERS.instance, action, KEYS.vault)).toBe(true);
      expect(passes(narrow, CALLERS.deployment, action, KEYS.vault)).toBe(false);
      expect(passes(narrow, CALLERS.admin, action, KEYS.vault)).toBe(false);
      expect(passes(narrow, session, action, KEYS.vault)).toBe(false);
      expect(passes(narrow, CALLERS.api, action, foreignKey)).toBe(false);
    }
    expect(passes(policy, CALLERS.api, 'kms:TagResource', KEYS.vault)).toBe(true);
    expect(passes(narrow, CALLERS.api, 'kms:TagResource', KEYS.vault)).toBe(false);
  });

  it('lets our principals, and no others, decrypt with the key of ACM for Nitro Enclaves', () => {
    const certificates = kmsEndpointPolicy(DEPLOYMENT, { keys, acmKey });
    expect(passes(policy, CALLERS.instance, 'kms:Decrypt', acmKey)).toBe(false);
    expect(passes(certificates, CALLERS.instance, 'kms:Decrypt', acmKey)).toBe(true);
    expect(passes(certificates, CALLERS.stranger, 'kms:Decrypt', acmKey)).toBe(false);
    expect(passes(certificates, CALLERS.instance, 'kms:GenerateDataKey', acmKey)).toBe(false);
    expect(passes(certificates, CALLERS.instance, 'kms:Decrypt', foreignKey)).toBe(false);
  });
});
