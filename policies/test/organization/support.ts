// SPDX-License-Identifier: Apache-2.0
import { type ContextValues, evaluateRequest, type Principal } from '../../../emulators/iam/src/index.ts';
import type { ControlDocument, Organization } from '../../src/index.ts';

export const ACCOUNT = '111122223333';
export const OTHER = '444455556666';
export const PARTNER = '777788889999';
export const DEPLOYER = `arn:aws:iam::${ACCOUNT}:role/people/deployer`;

export const ORGANIZATION: Organization = {
  partition: 'aws',
  id: 'o-exampleorgid',
  name: 'vault',
  networks: [
    { vpcId: 'vpc-0aaaa', region: 'eu-central-1' },
    { vpcId: 'vpc-0bbbb', region: 'eu-west-1' },
  ],
  administrators: [DEPLOYER],
  outsiders: [DEPLOYER, `arn:aws:iam::${ACCOUNT}:role/people/everyday`],
  partners: [PARTNER],
};

export const EVERYTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }],
};
/** What AWS attaches itself (RCPFullAWSAccess). */
export const EVERYBODY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow' as const, Principal: '*' as const, Action: '*', Resource: '*' }],
};

export interface Asked {
  readonly by: Principal;
  readonly action: string;
  readonly resource?: string;
  readonly resourceAccount?: string;
  readonly context?: ContextValues;
}

/** Identity and resource policies allow everything: what refuses is the control policy. */
export function decide(kind: 'scps' | 'rcps', control: ControlDocument, asked: Asked): string {
  const { by, action, resource = '*', resourceAccount = ACCOUNT, context = {} } = asked;
  const decision = evaluateRequest(
    { principal: by, action, resource, resourceAccount, context },
    {
      identity: [EVERYTHING],
      resource: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: '*',
            Action: '*',
            ...(action.startsWith('sts:') ? {} : { Resource: '*' }),
          },
        ],
      },
      [kind]: [
        [kind === 'scps' ? EVERYTHING : EVERYBODY],
        [kind === 'scps' ? EVERYTHING : EVERYBODY, control],
      ],
    },
  );
  return decision.allowed ? 'allow' : (decision.decidedBy?.sid ?? decision.missing ?? '');
}

export const role = (
  path: string,
  account = ACCOUNT,
  organization: string | undefined = 'o-exampleorgid',
): Principal => ({
  arn: `arn:aws:iam::${account}:role/${path}`,
  type: 'role',
  account,
  organization,
});
export const api = role('vault/vault-api');
export const instance = role('vault/vault-instance');
export const deployer = role('people/deployer');
export const deployment = role('vault/vault-deployment');
export const admin = role('people/admin');
export const stranger = role('guest', OTHER, 'o-somebodyelse');
export const loner: Principal = { arn: `arn:aws:iam::${OTHER}:role/guest`, type: 'role', account: OTHER };
export const partner = role('guest', PARTNER, 'o-somebodyelse');
export const anonymous: Principal = { arn: '*', type: 'anonymous' };
export const service: Principal = { arn: 'cloudwatch.amazonaws.com', type: 'service' };
export const gateway: Principal = { arn: 'apigateway.amazonaws.com', type: 'service' };
export const linked = role('aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig');

export const key = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1`;
export const object = 'arn:aws:s3:::vault-artifacts-1/a';
export const fn = (name: string): string => `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:${name}`;
export const inside = { 'aws:SourceVpc': 'vpc-0aaaa', 'aws:RequestedRegion': 'eu-central-1' };
export const ours = { 'aws:ResourceOrgID': 'o-exampleorgid' };
export const fromFunction = (name: string): ContextValues => ({ 'lambda:SourceFunctionArn': fn(name) });
export const fromInstance = {
  'ec2:SourceInstanceARN': `arn:aws:ec2:eu-central-1:${ACCOUNT}:instance/i-1`,
  'aws:EC2InstanceSourceVPC': 'vpc-0aaaa',
};
export const tagged = { 'aws:TagKeys': ['a', 'dp:exclude:network'] };
export const grant = (yes: string): ContextValues => ({ 'kms:GrantIsForAWSResource': yes });

export type Row = readonly [what: string, answer: string, asked: Asked];
