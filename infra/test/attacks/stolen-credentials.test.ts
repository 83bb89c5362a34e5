// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ATTESTED } from '../proofs/who.ts';
import { outcome, theAccount } from './support.ts';

/*
 * Credentials of a part of the vault, carried out: from a function's environment, an instance's metadata, a build. Used from
 * the internet, from the thief's own VPC, and through an endpoint that he has made in ours; with an Allow of everything
 * slipped into the role's policies and into the resource's.
 */

const ACCOUNT = '111122223333';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-central-1:${ACCOUNT}:${rest}`;
const iam = (role: string): string => `arn:aws:iam::${ACCOUNT}:role/vault/vault-${role}`;
const key = (which: string): string => theAccount().keys.get(which) ?? '';

const PARTS = [
  'access-logs',
  'api',
  'authorizer',
  'build',
  'canary-inside',
  'canary-outside',
  'deploy',
  'flow-logs',
  'instance',
  'pipeline',
  'smoke',
  'trail',
].map((part) => `${part}-role`);
const PLACES = ['internet', 'other-vpc', 'second-endpoint'];

interface Loot {
  readonly what: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** Whose work it is. */
  readonly but?: readonly string[];
  readonly opened?: true;
  /** A role whose trust is as it is: the first of both locks answers. */
  readonly trusted?: false;
}

const context = { 'kms:EncryptionContext:vault_id': 'v_1', 'kms:EncryptionContext:tenant_id': 't' };
const LOOT: readonly Loot[] = [
  { what: 'private keys', action: 'kms:Decrypt', resource: key('keys/VaultKey'), context },
  { what: 'the power over keys', action: 'kms:PutKeyPolicy', resource: key('keys/VaultKey') },
  { what: 'a grant', action: 'kms:CreateGrant', resource: key('keys/RequestKey') },
  { what: 'the end of a key', action: 'kms:ScheduleKeyDeletion', resource: key('keys/VaultKey') },
  { what: 'integrity keys', action: 'kms:Decrypt', resource: key('keys/IntegrityKey') },
  { what: 'a parent’s certificate', action: 'kms:Sign', resource: key('keys/ChannelServerKey') },
  { what: 'the API’s certificate', action: 'kms:Sign', resource: key('keys/ChannelClientKey') },
  { what: 'records', action: 'dynamodb:Query', resource: arn('dynamodb', 'table/vault-records') },
  {
    what: 'records, by PartiQL',
    action: 'dynamodb:PartiQLSelect',
    resource: arn('dynamodb', 'table/vault-records'),
  },
  {
    what: 'the policy of records',
    action: 'dynamodb:PutResourcePolicy',
    resource: arn('dynamodb', 'table/vault-records'),
  },
  {
    what: 'a place for code',
    action: 's3:PutObject',
    resource: `arn:aws:s3:::vault-artifacts-${ACCOUNT}-eu-central-1/release/1/api.zip`,
    but: ['deploy-role'],
  },
  {
    what: 'a deletion of evidence',
    action: 's3:DeleteObjectVersion',
    resource: `arn:aws:s3:::vault-trail-${ACCOUNT}-eu-central-1/AWSLogs/${ACCOUNT}/x`,
  },
  {
    what: 'a function',
    action: 'lambda:UpdateFunctionConfiguration',
    resource: arn('lambda', 'function:vault-api'),
    opened: true,
  },
  {
    what: 'an event for the API',
    action: 'lambda:InvokeFunction',
    resource: arn('lambda', 'function:vault-api'),
    opened: true,
  },
  { what: 'an instance', action: 'ec2:RunInstances', resource: arn('ec2', 'instance/*') },
  { what: 'user data', action: 'ec2:ModifyInstanceAttribute', resource: arn('ec2', 'instance/i-1') },
  { what: 'a command on an instance', action: 'ssm:SendCommand', resource: arn('ec2', 'instance/i-1') },
  {
    what: 'a key for its shell',
    action: 'ec2-instance-connect:SendSSHPublicKey',
    resource: arn('ec2', 'instance/i-1'),
  },
  {
    what: 'the endpoint’s policy',
    action: 'ec2:ModifyVpcEndpoint',
    resource: arn('ec2', 'vpc-endpoint/vpce-1'),
  },
  {
    what: 'a subscription to a log',
    action: 'logs:PutSubscriptionFilter',
    resource: arn('logs', 'log-group:/vault/parent:*'),
  },
  { what: 'rights', action: 'iam:PutRolePolicy', resource: iam('api') },
  { what: 'break-glass', action: 'sts:AssumeRole', resource: iam('break-glass'), trusted: false },
  { what: 'the deployment role', action: 'sts:AssumeRole', resource: iam('deployment'), trusted: false },
];

describe.each(LOOT)(
  '$what ($action)',
  ({ action, resource, context: asked = {}, but = [], opened = false, trusted }) => {
    it.each(PARTS.filter((part) => !but.includes(part)))('is not for %s, carried out', (who) => {
      expect(resource).not.toBe('');
      const mode = trusted === false ? 'given' : 'hostile';
      for (const where of PLACES)
        expect(outcome({ who, where, action, resource, context: asked, opened }, mode), where).toMatch(
          mode === 'given'
            ? /^(boundary|identity|resource)$/
            : /^(boundary|Deny\w+|Enforce\w+|identity:Deny\w+)$/,
        );
    });
  },
);

it('an instance’s credentials decrypt nothing elsewhere, with a document of its own enclave either', () => {
  for (const where of PLACES)
    expect(
      outcome(
        {
          who: 'instance-role',
          where,
          action: 'kms:Decrypt',
          resource: key('keys/VaultKey'),
          context: {
            ...context,
            'kms:EncryptionContextKeys': ['vault_id', 'tenant_id'],
            ...ATTESTED,
          } as never,
        },
        'hostile',
      ),
      where,
    ).toMatch(/^DenyOutside(Network|Endpoint)$/);
});
