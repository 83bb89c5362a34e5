// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { evaluateRequest, type Principal, validatePolicy } from '../../emulators/iam/src/index.ts';
import { flowLogsPolicy, PolicyInputError, queryLogsDeliveryPolicy } from '../src/index.ts';
import { ACCOUNT, DEPLOYMENT, OTHER } from './support.ts';

const group = (name: string, account = ACCOUNT): string =>
  `arn:aws:logs:eu-central-1:${account}:log-group:${name}`;

describe('flowLogsPolicy', () => {
  const policy = flowLogsPolicy(DEPLOYMENT, '/vault/flow');
  const role: Principal = {
    arn: `arn:aws:iam::${ACCOUNT}:role/vault/vault-flow-logs`,
    type: 'role',
    account: ACCOUNT,
  };
  const may = (action: string, resource: string): boolean =>
    evaluateRequest(
      { principal: role, action, resource, resourceAccount: ACCOUNT, context: {} },
      { identity: [policy] },
    ).allowed;

  it('writes into its group', () => {
    expect(validatePolicy(policy, 'identity')).toEqual([]);
    expect(may('logs:CreateLogStream', group('/vault/flow'))).toBe(true);
    expect(may('logs:PutLogEvents', group('/vault/flow:log-stream:eni-1'))).toBe(true);
    expect(may('logs:DescribeLogStreams', group('/vault/flow:*'))).toBe(true);
    expect(may('logs:DescribeLogGroups', group(':*'))).toBe(true);
  });

  it.each([
    ['logs:PutLogEvents', group('/vault/audit-heads:log-stream:eni-1')],
    ['logs:PutLogEvents', group('/vault/flow2:log-stream:eni-1')],
    ['logs:CreateLogGroup', group('/vault/flow')],
    ['logs:DeleteLogStream', group('/vault/flow:log-stream:eni-1')],
    ['logs:PutRetentionPolicy', group('/vault/flow')],
    ['logs:GetLogEvents', group('/vault/flow:log-stream:eni-1')],
  ])('not %s on %s', (action, resource) => {
    expect(may(action, resource)).toBe(false);
  });
});

describe('queryLogsDeliveryPolicy', () => {
  const policy = queryLogsDeliveryPolicy(DEPLOYMENT, '/vault/dns');
  const stream = group('/vault/dns:log-stream:vpc-0aaaa');
  const delivery: Principal = { arn: 'delivery.logs.amazonaws.com', type: 'service' };
  const forUs = {
    'aws:SourceAccount': ACCOUNT,
    'aws:SourceArn': `arn:aws:logs:eu-central-1:${ACCOUNT}:delivery-source:x`,
  };
  const decide = (principal: Principal, action: string, resource: string, context: Record<string, string>) =>
    evaluateRequest({ principal, action, resource, resourceAccount: ACCOUNT, context }, { resource: policy });

  it('lets the delivery service write for our account', () => {
    expect(validatePolicy(policy, 'resource')).toEqual([]);
    // CloudWatch Logs API Reference, PutResourcePolicy.
    expect(JSON.stringify(policy).length).toBeLessThan(5120);
    for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) {
      expect(decide(delivery, action, stream, forUs)).toMatchObject({
        allowed: true,
        decidedBy: { sid: 'AllowQueryLog' },
      });
    }
  });

  it.each([
    ['for another account', delivery, { ...forUs, 'aws:SourceAccount': OTHER }],
    [
      'for a source of another account',
      delivery,
      { ...forUs, 'aws:SourceArn': `arn:aws:logs:eu-central-1:${OTHER}:x` },
    ],
    ['for nobody', delivery, {}],
    ['another service', { arn: 'route53.amazonaws.com', type: 'service' } as const, forUs],
    ['anybody', { arn: '*', type: 'anonymous' } as const, forUs],
  ])('not %s', (_, principal, context) => {
    expect(decide(principal, 'logs:PutLogEvents', stream, context)).toMatchObject({
      allowed: false,
      missing: 'resource',
    });
  });

  it('into that group alone', () => {
    const other = group('/vault/audit-heads:log-stream:x');
    expect(decide(delivery, 'logs:PutLogEvents', other, forUs).allowed).toBe(false);
    expect(() => queryLogsDeliveryPolicy(DEPLOYMENT, '*')).toThrow(PolicyInputError);
  });
});
