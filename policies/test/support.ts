// SPDX-License-Identifier: Apache-2.0
import type { ContextValues, PolicySet, Principal } from '../../emulators/iam/src/index.ts';
import {
  adminBoundary,
  adminIdentityPolicy,
  apiBoundary,
  apiIdentityPolicy,
  breakGlassBoundary,
  breakGlassIdentityPolicy,
  type Deployment,
  deploymentBoundary,
  deploymentIdentityPolicy,
  instanceBoundary,
  instanceIdentityPolicy,
  type KeyArns,
  type Measurements,
  type PolicyDocument,
} from '../src/index.ts';

export const ACCOUNT = '111122223333';
export const OTHER = '444455556666';
const roleArn = (name: string, account = ACCOUNT): string => `arn:aws:iam::${account}:role/${name}`;

export const DEPLOYMENT: Deployment = {
  partition: 'aws',
  account: ACCOUNT,
  region: 'eu-central-1',
  name: 'vault',
  network: { vpcId: 'vpc-0aaaa', vpceId: 'vpce-0aaaa' },
  roles: {
    api: roleArn('vault/vault-api'),
    instance: roleArn('vault/vault-instance'),
    deployment: roleArn('vault/vault-deployment'),
    breakGlass: roleArn('vault/vault-break-glass'),
  },
  deployers: [roleArn('people/deployer')],
};

const hex = (digit: string): string => digit.repeat(96);
/** An old and a new image side by side. */
export const OLD = {
  pcr0: hex('a'),
  pcr1: hex('b'),
  pcr2: hex('c'),
  pcr3: hex('d'),
  pcr8: hex('e'),
  pcr16: hex('f'),
};
export const NEW = {
  pcr0: hex('1'),
  pcr1: hex('2'),
  pcr2: hex('3'),
  pcr3: hex('4'),
  pcr8: hex('5'),
  pcr16: hex('6'),
};
export const MEASUREMENTS = Object.fromEntries(
  Object.entries(OLD).map(([register, value]) => [register, [value, NEW[register as keyof typeof NEW]]]),
) as unknown as Measurements;

const keyArn = (digit: string): string =>
  `arn:aws:kms:eu-central-1:${ACCOUNT}:key/${digit.repeat(8)}-1111-2222-3333-444444444444`;
export const KEYS: KeyArns = {
  vault: keyArn('a'),
  request: keyArn('b'),
  integrity: keyArn('c'),
  legacy: [keyArn('d')],
  channelServer: keyArn('e'),
  channelClient: keyArn('f'),
};

export const ALLOW_ALL: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'AllowAll', Effect: 'Allow', Action: '*', Resource: '*' }],
};

export type Who =
  | 'api'
  | 'instance'
  | 'deployment'
  | 'breakGlass'
  | 'deployer'
  | 'admin'
  | 'tagged'
  | 'root'
  | 'serviceLinked'
  | 'stranger'
  | 'service';

const inAccount = (arn: string): Principal => ({ arn, type: 'role', account: ACCOUNT });
export const CALLERS: Readonly<Record<Who, Principal>> = {
  api: inAccount(DEPLOYMENT.roles.api),
  instance: inAccount(DEPLOYMENT.roles.instance),
  deployment: inAccount(DEPLOYMENT.roles.deployment),
  breakGlass: inAccount(DEPLOYMENT.roles.breakGlass),
  deployer: inAccount(roleArn('people/deployer')),
  admin: inAccount(roleArn('people/admin')),
  /** An administrator who gave himself every exception tag of a data perimeter. */
  tagged: {
    ...inAccount(roleArn('people/admin')),
    tags: { 'dp:exclude:network': 'true', 'dp:exclude:identity': 'true', 'dp:exclude:resource': 'true' },
  },
  root: { arn: `arn:aws:iam::${ACCOUNT}:root`, type: 'root', account: ACCOUNT },
  serviceLinked: inAccount(roleArn('aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig')),
  stranger: { arn: roleArn('guest', OTHER), type: 'role', account: OTHER },
  service: { arn: 'logs.amazonaws.com', type: 'service' },
};

/** What each caller is given in a deployment. Deployer and the last five are not ours to give: at worst they may do anything. */
export const GIVEN: Readonly<Record<Who, Pick<PolicySet, 'identity' | 'boundary'>>> = {
  api: { identity: [apiIdentityPolicy(DEPLOYMENT, KEYS)], boundary: apiBoundary(DEPLOYMENT) },
  instance: { identity: [instanceIdentityPolicy(DEPLOYMENT, KEYS)], boundary: instanceBoundary(DEPLOYMENT) },
  deployment: { identity: [deploymentIdentityPolicy(DEPLOYMENT)], boundary: deploymentBoundary(DEPLOYMENT) },
  breakGlass: {
    identity: [breakGlassIdentityPolicy(DEPLOYMENT)],
    boundary: breakGlassBoundary(DEPLOYMENT),
  },
  deployer: { identity: [ALLOW_ALL] },
  admin: { identity: [adminIdentityPolicy(DEPLOYMENT)], boundary: adminBoundary(DEPLOYMENT) },
  tagged: { identity: [ALLOW_ALL] },
  root: { identity: [] },
  serviceLinked: { identity: [ALLOW_ALL] },
  stranger: { identity: [ALLOW_ALL] },
  service: {},
};

export type Place =
  | 'inside'
  | 'outside'
  | 'otherVpc'
  | 'otherRegion'
  | 'withoutArn'
  | 'otherEndpoint'
  | 'forwarded';

/** Where a request comes from. One property differs at a time, so that each condition is seen alone. */
export const PLACES: Readonly<Record<Place, ContextValues>> = {
  inside: {
    'aws:SourceVpc': 'vpc-0aaaa',
    'aws:SourceVpce': 'vpce-0aaaa',
    'aws:SourceVpcArn': `arn:aws:ec2:eu-central-1:${ACCOUNT}:vpc/vpc-0aaaa`,
  },
  outside: { 'aws:SourceIp': '192.0.2.1' },
  otherVpc: { 'aws:SourceVpc': 'vpc-0bbbb', 'aws:SourceVpce': 'vpce-0aaaa' },
  /** A VPC of another Region that happens to have the same id. */
  otherRegion: {
    'aws:SourceVpc': 'vpc-0aaaa',
    'aws:SourceVpce': 'vpce-0aaaa',
    'aws:SourceVpcArn': `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-0aaaa`,
  },
  /** Where KMS does not tell the VPC's ARN. */
  withoutArn: { 'aws:SourceVpc': 'vpc-0aaaa', 'aws:SourceVpce': 'vpce-0aaaa' },
  otherEndpoint: { 'aws:SourceVpc': 'vpc-0aaaa', 'aws:SourceVpce': 'vpce-0bbbb' },
  /** Sent by an AWS service with the caller's session. */
  forwarded: { 'aws:ViaAWSService': 'true', 'aws:CalledVia': ['cloudformation.amazonaws.com'] },
};

/** Condition keys of an attestation document. */
export function attested(measured: Partial<Record<keyof Measurements, string>>): ContextValues {
  return Object.fromEntries(
    Object.entries(measured).map(([register, value]) => [
      `kms:RecipientAttestation:${register.toUpperCase()}`,
      value ?? '',
    ]),
  );
}

/** Condition keys of an encryption context. */
export function encryptionContext(context: Readonly<Record<string, string>>): ContextValues {
  const keys = Object.keys(context);
  if (keys.length === 0) return {};
  return {
    'kms:EncryptionContextKeys': keys,
    ...Object.fromEntries(
      Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value]),
    ),
  };
}
