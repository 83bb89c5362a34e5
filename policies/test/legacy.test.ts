// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { evaluateRequest, type Principal, validatePolicy } from '../../emulators/iam/src/index.ts';
import { legacyKeyStatement, type Measurements, type PolicyDocument } from '../src/index.ts';
import {
  ACCOUNT,
  ALLOW_ALL,
  attested,
  CALLERS,
  DEPLOYMENT,
  encryptionContext,
  GIVEN,
  KEYS,
  MEASUREMENTS,
  NEW,
  OLD,
} from './support.ts';

const [KEY = ''] = KEYS.legacy ?? [];
const OTHER_VPC = 'vpc-0cccc';
const sampleRole = (name: string): Principal => ({
  arn: `arn:aws:iam::${ACCOUNT}:role/sample/${name}`,
  type: 'role',
  account: ACCOUNT,
});
const API = sampleRole('api');
const INSTANCE = sampleRole('instance');
const root = { AWS: `arn:aws:iam::${ACCOUNT}:root` };

/** A key policy that decides as the sample's does: its own network, key pairs for its API, decryption for its instances. */
function samplePolicy(...vpcs: string[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'DenyOtherNetworks',
        Effect: 'Deny',
        Principal: '*',
        Action: 'kms:*',
        Resource: '*',
        Condition: {
          StringNotEqualsIfExists: { 'aws:SourceVpc': vpcs },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false', 'aws:ViaAWSService': 'false' },
        },
      },
      { Sid: 'AllowAccount', Effect: 'Allow', Principal: root, NotAction: 'kms:Decrypt', Resource: '*' },
      {
        Sid: 'AllowSampleDecrypt',
        Effect: 'Allow',
        Principal: { AWS: INSTANCE.arn },
        Action: 'kms:Decrypt',
        Resource: '*',
        Condition: { StringEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': ['9'.repeat(96)] } },
      },
      legacyKeyStatement(DEPLOYMENT, MEASUREMENTS),
    ],
  };
}

const BOTH = samplePolicy(OTHER_VPC, DEPLOYMENT.network.vpcId);

function may(
  principal: Principal,
  context: Readonly<Record<string, string | readonly string[]>>,
  { policy = BOTH, action = 'kms:Decrypt', given = { identity: [ALLOW_ALL] } as typeof GIVEN.instance } = {},
): boolean {
  const request = { principal, action, resource: KEY, resourceAccount: ACCOUNT };
  const inside = { 'aws:SourceVpc': DEPLOYMENT.network.vpcId };
  return evaluateRequest({ ...request, context: { ...inside, ...context } }, { ...given, resource: policy })
    .allowed;
}

describe('the statement for a key of the sample', () => {
  it('is one that KMS takes in the sample’s policy', () => {
    expect(validatePolicy(BOTH, 'kms-key')).toEqual([]);
  });

  it('lets our enclaves decrypt, old image and new, with what a deployment gives the instance', () => {
    for (const image of [OLD, NEW])
      expect(may(CALLERS.instance, attested(image), { given: GIVEN.instance })).toBe(true);
  });

  it.each(['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const)('asks for %s', (register) => {
    const { [register]: _, ...others } = OLD;
    expect(may(CALLERS.instance, attested(others))).toBe(false);
    expect(may(CALLERS.instance, attested({ ...OLD, [register]: '7'.repeat(96) }))).toBe(false);
  });

  it('lets nobody else, and nothing without a document', () => {
    for (const who of ['api', 'deployment', 'breakGlass', 'admin', 'root'] as const)
      expect([who, may(CALLERS[who], attested(OLD))]).toEqual([who, false]);
    expect(may(CALLERS.instance, {})).toBe(false);
    expect(may(CALLERS.stranger, attested(OLD))).toBe(false);
  });

  it('takes nothing from the sample, and gives it nothing', () => {
    const own = { 'aws:SourceVpc': OTHER_VPC };
    const theirs = { ...own, 'kms:RecipientAttestation:ImageSha384': '9'.repeat(96) };
    expect(may(INSTANCE, theirs)).toBe(true);
    expect(may(INSTANCE, { ...own, ...attested(OLD) })).toBe(false);
    const action = 'kms:GenerateDataKeyPairWithoutPlaintext';
    expect(may(API, own, { action })).toBe(true);
    expect(may(API, { ...own, ...attested(OLD) })).toBe(false);
  });

  it('does not help from a network that the sample’s policy does not name', () => {
    expect(may(CALLERS.instance, attested(OLD), { policy: samplePolicy(OTHER_VPC) })).toBe(false);
  });

  it('does not care for an encryption context: the enclave sends none, and the key knows none', () => {
    expect(may(CALLERS.instance, { ...attested(OLD), ...encryptionContext({ vault_id: 'v_x' }) })).toBe(true);
  });

  it('is refused without measurements', () => {
    const empty = { ...MEASUREMENTS, pcr16: [] } as Measurements;
    expect(() => legacyKeyStatement(DEPLOYMENT, empty)).toThrow(
      expect.objectContaining({ name: 'PolicyInputError' }),
    );
  });
});
