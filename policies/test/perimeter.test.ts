// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type ContextValues, evaluateRequest, type Principal } from '../../emulators/iam/src/index.ts';
import {
  bucketPolicy,
  confusedDeputyProtection,
  type Home,
  identityPerimeter,
  logGroupProtection,
  networkPerimeter,
  type PolicyDocument,
  tablePolicy,
  topicPolicy,
} from '../src/index.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, OTHER } from './support.ts';

const around = { home: DEPLOYMENT, actions: 's3:*', resources: '*' };
const code = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
};

describe('exemptions from the network perimeter', () => {
  it.each([
    ['a wildcard', `arn:aws:iam::${ACCOUNT}:role/*`],
    ['a question mark', `arn:aws:iam::${ACCOUNT}:role/deploye?`],
    ['a variable', 'arn:aws:iam::111122223333:role/$' + '{aws:username}'],
    ['another account', `arn:aws:iam::${OTHER}:role/deployer`],
    ['a user', `arn:aws:iam::${ACCOUNT}:user/a`],
    ['everybody', '*'],
  ])('%s is refused', (_what, arn) => {
    const { network } = DEPLOYMENT;
    const topic = { topicArn: `arn:aws:sns:eu-central-1:${ACCOUNT}:vault-alarms` };
    const bucket = { bucket: 'b', keyArn: 'k' };
    expect(code(() => networkPerimeter(around, { network, exempt: [arn] }))).toBe('invalid_deployment');
    expect(code(() => topicPolicy(DEPLOYMENT, { ...topic, publishers: [arn] }))).toBe('invalid_deployment');
    expect(code(() => bucketPolicy(DEPLOYMENT, { ...bucket, writers: [arn], readers: [] }))).toBe(
      'invalid_deployment',
    );
    expect(code(() => bucketPolicy(DEPLOYMENT, { ...bucket, writers: [], readers: [arn] }))).toBe(
      'invalid_deployment',
    );
    expect(code(() => tablePolicy({ ...DEPLOYMENT, deployers: [arn] }, { table: 't' }))).toBe(
      'invalid_deployment',
    );
  });

  it('cannot name a workload as deployer', () => {
    const deployers = [DEPLOYMENT.roles.instance];
    expect(code(() => identityPerimeter({ ...around, home: { ...DEPLOYMENT, deployers } }))).toBe(
      'invalid_deployment',
    );
  });

  it('are by no tag', () => {
    const { network } = DEPLOYMENT;
    const all = [
      ...networkPerimeter(around, { network, sourceVpcArn: true, throughServices: true }),
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
    ];
    expect(JSON.stringify(all)).not.toMatch(/tag/i);
  });
});

describe('input that would change what a perimeter says', () => {
  it.each<[what: string, home: Partial<Home>, organization?: string]>([
    ['a wildcard organization', {}, 'o-*'],
    ['an empty organization', {}, ''],
    ['a wildcard account', { account: '*' }],
  ])('%s is refused', (_what, changes, organization) => {
    const place = { home: { ...DEPLOYMENT, ...changes }, actions: '*', resources: '*', organization };
    expect(code(() => identityPerimeter(place))).toBe('invalid_deployment');
    expect(code(() => confusedDeputyProtection(place))).toBe('invalid_deployment');
  });

  it('a wildcard network or endpoint is refused', () => {
    const wild = { ...DEPLOYMENT, network: { vpcId: 'vpc-*' } };
    expect(code(() => tablePolicy(wild, { table: 't' }))).toBe('invalid_deployment');
    expect(code(() => tablePolicy(DEPLOYMENT, { table: 't', endpointId: '*' }))).toBe('invalid_deployment');
  });
});

describe('an organization that the account is not in any more', () => {
  const organization = 'o-leftorganization';
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      ...identityPerimeter({ ...around, organization }),
      ...confusedDeputyProtection({ ...around, organization }),
    ],
  };
  const asked = (principal: Principal, context: ContextValues = {}): string => {
    const decision = evaluateRequest(
      {
        principal,
        action: 's3:PutBucketPolicy',
        resource: 'arn:aws:s3:::b',
        resourceAccount: ACCOUNT,
        context,
      },
      {
        identity: principal.type === 'service' ? [] : [ALLOW_ALL],
        resource: {
          Version: '2012-10-17',
          Statement: [
            ...policy.Statement,
            { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' },
          ],
        },
      },
    );
    return decision.allowed ? 'allow' : (decision.decidedBy?.sid ?? '');
  };
  const cloudwatch: Principal = { arn: 'cloudwatch.amazonaws.com', type: 'service' };

  it.each(['deployment', 'breakGlass', 'root'] as const)('does not lock %s out', (who) => {
    expect(asked(CALLERS[who])).toBe('allow');
    expect(asked({ ...CALLERS[who], organization: 'o-anotherorganization' })).toBe('allow');
  });

  it('silences no service that works for the account', () => {
    const ours = { 'aws:SourceAccount': ACCOUNT, 'aws:SourceOrgID': 'o-anotherorganization' };
    expect(asked(cloudwatch, ours)).toBe('allow');
    expect(asked(cloudwatch, { ...ours, 'aws:SourceAccount': OTHER })).toBe(
      'EnforceConfusedDeputyProtection',
    );
  });

  it('lets in its members, and nobody else', () => {
    const member: Principal = {
      arn: `arn:aws:iam::${OTHER}:role/a`,
      type: 'role',
      account: OTHER,
      organization,
    };
    expect(asked(member)).toBe('allow');
    expect(asked({ ...member, organization: 'o-anotherorganization' })).toBe('EnforceIdentityPerimeter');
    expect(asked({ ...member, organization: undefined })).toBe('EnforceIdentityPerimeter');
  });
});

describe('through services', () => {
  const { network } = DEPLOYMENT;
  const policy = (throughServices: boolean): PolicyDocument => ({
    Version: '2012-10-17',
    Statement: networkPerimeter({ ...around, resources: 'arn:aws:s3:::b/*' }, { network, throughServices }),
  });
  const asked = (through: boolean, via: string): boolean =>
    evaluateRequest(
      {
        principal: CALLERS.admin,
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::b/o',
        resourceAccount: ACCOUNT,
        context: { 'aws:ViaAWSService': via },
      },
      { identity: [ALLOW_ALL], resource: policy(through) },
    ).allowed;

  it('a caller’s session comes in where that is said, and nowhere else', () => {
    expect(asked(true, 'true')).toBe(true);
    expect(asked(true, 'false')).toBe(false);
    expect(asked(false, 'true')).toBe(false);
  });
});

describe('logGroupProtection', () => {
  const group = '/vault/audit-heads';
  const arn = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:${group}`;
  const removes = (who: keyof typeof CALLERS, action: string, resource: string): boolean =>
    evaluateRequest(
      { principal: CALLERS[who], action, resource, resourceAccount: ACCOUNT, context: {} },
      {
        identity: [
          ALLOW_ALL,
          { Version: '2012-10-17', Statement: [logGroupProtection(DEPLOYMENT, [group])] },
        ],
      },
    ).allowed;

  it.each([
    'logs:AssociateKmsKey',
    'logs:DeleteLogGroup',
    'logs:DeleteLogStream',
    'logs:DeleteRetentionPolicy',
    'logs:DisassociateKmsKey',
    'logs:PutLogGroupDeletionProtection',
    'logs:PutRetentionPolicy',
  ])('leaves %s to the deployment role and to an emergency', (action) => {
    const resource = action.endsWith('Stream') ? `${arn}:log-stream:a` : arn;
    expect(removes('deployment', action, resource)).toBe(true);
    expect(removes('breakGlass', action, resource)).toBe(true);
    expect(removes('admin', action, resource)).toBe(false);
    expect(removes('api', action, resource)).toBe(false);
    expect(removes('root', action, resource)).toBe(false);
    expect(removes('admin', action, resource.replace('audit-heads', 'other'))).toBe(true);
  });

  it('says nothing of reading and writing', () => {
    expect(removes('admin', 'logs:FilterLogEvents', arn)).toBe(true);
    expect(removes('api', 'logs:PutLogEvents', `${arn}:log-stream:a`)).toBe(true);
  });
});
