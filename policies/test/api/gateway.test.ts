// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type Principal,
  validatePolicy,
} from '../../../emulators/iam/src/index.ts';
import { apiResourcePolicy, type PolicyDocument, PolicyInputError } from '../../src/index.ts';
import { mutants } from '../mutants.ts';
import { ACCOUNT, ALLOW_ALL, DEPLOYMENT, OTHER } from '../support.ts';

const role = (name: string, account = ACCOUNT): string => `arn:aws:iam::${account}:role/${name}`;
const caller = (name: string, account = ACCOUNT): Principal => ({
  arn: role(name, account),
  type: 'role',
  account,
});
const SMOKE = role('vault/vault-smoke');
const CALLERS = [SMOKE, role('apps/claims')];
const ANONYMOUS: Principal = { arn: '*', type: 'anonymous' };
const on = (path: string, account = ACCOUNT): string =>
  `arn:aws:execute-api:eu-central-1:${account}:abcdefghij/${path}`;

const OURS: ContextValues = { 'aws:SourceVpc': 'vpc-0aaaa', 'aws:SourceVpce': 'vpce-0cccc' };
const OTHER_ENDPOINT: ContextValues = { 'aws:SourceVpc': 'vpc-0aaaa', 'aws:SourceVpce': 'vpce-0dddd' };
const INTERNET: ContextValues = { 'aws:SourceIp': '192.0.2.1', 'aws:SecureTransport': 'true' };
const OFFICE: ContextValues = { 'aws:SourceIp': '198.51.100.7', 'aws:SecureTransport': 'true' };

/** Answers: `allow`, the Sid that denied, or the layer that lacks an Allow. */
interface Row {
  readonly who: Principal;
  readonly from: ContextValues;
  readonly path?: string;
  /** Whether the caller's own policy lets him; always everything. */
  readonly identity?: boolean;
  readonly answer: string;
}

function judge(
  policy: PolicyDocument,
  { who, from, path = 'v/POST/v1/vaults', identity = true }: Row,
): string {
  const decision = evaluateRequest(
    {
      principal: who,
      action: 'execute-api:Invoke',
      resource: on(path),
      resourceAccount: ACCOUNT,
      context: from,
    },
    { identity: identity ? [ALLOW_ALL] : [], resource: policy },
  );
  if (decision.allowed) return 'allow';
  return decision.decidedBy?.sid ?? decision.missing ?? 'nothing';
}

const CASES: Readonly<
  Record<string, { policy: PolicyDocument; rows: readonly Row[]; survivors?: string[] }>
> = {
  private: {
    policy: apiResourcePolicy(DEPLOYMENT, { stage: 'v', callers: CALLERS, endpointId: 'vpce-0cccc' }),
    rows: [
      { who: caller('apps/claims'), from: OURS, answer: 'allow' },
      { who: caller('vault/vault-smoke'), from: OURS, answer: 'allow' },
      { who: caller('vault/vault-smoke'), from: OURS, path: 'v/GET/health', answer: 'allow' },
      // The account is the principal of the Allow: the role's own policy must let it too.
      { who: caller('apps/claims'), from: OURS, identity: false, answer: 'identity' },
      { who: caller('people/admin'), from: OURS, answer: 'DenyOtherCallers' },
      { who: caller('claims'), from: OURS, answer: 'DenyOtherCallers' },
      { who: caller('apps/claims', OTHER), from: OURS, answer: 'DenyOtherCallers' },
      {
        who: { arn: `arn:aws:iam::${ACCOUNT}:root`, type: 'root', account: ACCOUNT },
        from: OURS,
        answer: 'DenyOtherCallers',
      },
      { who: { arn: 'lambda.amazonaws.com', type: 'service' }, from: OURS, answer: 'DenyOtherCallers' },
      { who: ANONYMOUS, from: OURS, answer: 'DenyOtherCallers' },
      { who: caller('apps/claims'), from: OTHER_ENDPOINT, answer: 'DenyOtherEndpoints' },
      { who: caller('apps/claims'), from: INTERNET, answer: 'DenyOtherEndpoints' },
      {
        who: caller('apps/claims'),
        from: INTERNET,
        path: 'test-invoke-stage/POST/v1/vaults',
        answer: 'DenyOtherEndpoints',
      },
    ],
    // By IAM's rules the roles' own policies are enough within the account. Private APIs answer nobody without an Allow
    // (API Gateway Developer Guide, "Private REST APIs"), which the evaluator does not know of.
    survivors: [
      'AllowListedCallers: removed',
      'AllowListedCallers: without ArnEquals aws:PrincipalArn',
      ...CALLERS.map((arn) => `AllowListedCallers: without ${arn} of ArnEquals aws:PrincipalArn`),
    ],
  },
  regional: {
    policy: apiResourcePolicy(DEPLOYMENT, {
      stage: 'v',
      callers: [...CALLERS, role('partner', OTHER)],
      cidrs: ['198.51.100.0/24', '203.0.113.0/24'],
      anywhere: SMOKE,
    }),
    rows: [
      { who: caller('apps/claims'), from: OFFICE, answer: 'allow' },
      { who: caller('apps/claims'), from: { 'aws:SourceIp': '203.0.113.1' }, answer: 'allow' },
      { who: caller('partner', OTHER), from: OFFICE, answer: 'allow' },
      { who: caller('partner', OTHER), from: OFFICE, identity: false, answer: 'identity' },
      { who: caller('partner', OTHER), from: OFFICE, path: 'other/GET/v1/vaults', answer: 'resource' },
      { who: caller('partner', OTHER), from: INTERNET, answer: 'DenyOtherAddresses' },
      { who: caller('partner2', OTHER), from: OFFICE, answer: 'DenyOtherCallers' },
      { who: caller('apps/claims'), from: INTERNET, answer: 'DenyOtherAddresses' },
      // Lambda's addresses, which nobody knows beforehand.
      { who: caller('vault/vault-smoke'), from: INTERNET, answer: 'allow' },
      { who: caller('people/admin'), from: OFFICE, answer: 'DenyOtherCallers' },
      { who: ANONYMOUS, from: OFFICE, answer: 'DenyOtherCallers' },
    ],
    survivors: [
      'AllowListedCallers: without ArnEquals aws:PrincipalArn',
      `AllowListedCallers: without ${SMOKE} of ArnEquals aws:PrincipalArn`,
      `AllowListedCallers: without ${role('apps/claims')} of ArnEquals aws:PrincipalArn`,
    ],
  },
  tokens: {
    policy: apiResourcePolicy(DEPLOYMENT, {
      stage: 'v',
      callers: [SMOKE],
      cidrs: ['198.51.100.0/24'],
      anywhere: SMOKE,
      tokenPaths: ['*/v1/*'],
      signedPaths: ['GET/health'],
    }),
    rows: [
      // Let through to the authorizer, which asks for a token.
      { who: ANONYMOUS, from: OFFICE, answer: 'allow' },
      { who: ANONYMOUS, from: { ...OFFICE, 'aws:SecureTransport': 'false' }, answer: 'resource' },
      { who: ANONYMOUS, from: INTERNET, answer: 'DenyOtherAddresses' },
      { who: ANONYMOUS, from: OFFICE, path: 'v/GET/health', answer: 'DenyOtherCallers' },
      { who: ANONYMOUS, from: OFFICE, path: 'other/GET/v1/vaults', answer: 'resource' },
      { who: ANONYMOUS, from: OFFICE, path: 'v/GET/metrics', answer: 'resource' },
      { who: caller('vault/vault-smoke'), from: INTERNET, path: 'v/GET/health', answer: 'allow' },
      { who: caller('people/admin'), from: OFFICE, path: 'v/GET/health', answer: 'DenyOtherCallers' },
    ],
    survivors: ['AllowListedCallers: removed', 'AllowListedCallers: without ArnEquals aws:PrincipalArn'],
  },
};

describe.each(Object.entries(CASES))(
  'the resource policy of a %s API',
  (_, { policy, rows, survivors = [] }) => {
    it.each(rows.map((row) => ({ row, what: JSON.stringify([row.who.arn, row.path ?? '', row.from]) })))(
      '$what',
      ({ row }) => {
        expect(judge(policy, row)).toBe(row.answer);
      },
    );

    it('is valid, each part of it is needed, and fits into what API Gateway takes', () => {
      expect(validatePolicy(policy, 'resource')).toEqual([]);
      const alive = mutants(policy).filter(({ policy: lesser }) =>
        rows.every((row) => (judge(lesser, row) === 'allow') === (row.answer === 'allow')),
      );
      expect(alive.map(({ what }) => what)).toEqual(survivors);
      expect(JSON.stringify(policy).length).toBeLessThan(8192);
    });

    it('names every Deny’s action: one without is none', () => {
      for (const { Action } of policy.Statement) expect(Action).toBe('execute-api:Invoke');
    });
  },
);

it('opens nothing to whoever slips in an Allow for everybody', () => {
  for (const { policy, rows } of Object.values(CASES)) {
    const hostile = {
      ...policy,
      Statement: [
        { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } as const,
        ...policy.Statement,
      ],
    };
    for (const row of rows.filter(({ answer }) => answer.startsWith('Deny'))) {
      expect(judge(hostile, row)).toBe(row.answer);
    }
  }
});

const GOOD = { stage: 'v', callers: CALLERS };
it.each([
  ['nobody listed', { ...GOOD, callers: [] }],
  ['a wildcard', { ...GOOD, callers: [`arn:aws:iam::${ACCOUNT}:role/*`] }],
  ['a policy variable', { ...GOOD, callers: [`arn:aws:iam::${ACCOUNT}:role/\${aws:username}`] }],
  ['a user', { ...GOOD, callers: [`arn:aws:iam::${ACCOUNT}:user/ada`] }],
  ['an account', { ...GOOD, callers: [`arn:aws:iam::${ACCOUNT}:root`] }],
  ['another partition', { ...GOOD, callers: [`arn:aws-cn:iam::${ACCOUNT}:role/a`] }],
  ['another account behind our endpoint', { ...GOOD, callers: [role('a', OTHER)], endpointId: 'vpce-0cccc' }],
  ['a wildcard endpoint', { ...GOOD, endpointId: 'vpce-*' }],
  ['addresses of a private API', { ...GOOD, endpointId: 'vpce-0cccc', cidrs: ['10.0.0.0/8'] }],
  ['an address that is none', { ...GOOD, cidrs: ['*'] }],
  ['an exception for who is not listed', { ...GOOD, cidrs: ['10.0.0.0/8'], anywhere: role('b') }],
  ['a stage with a wildcard', { ...GOOD, stage: '*' }],
  ['tokens without a place for signatures', { ...GOOD, tokenPaths: ['*/v1/*'] }],
  ['a path that leaves the stage', { ...GOOD, tokenPaths: ['../*'], signedPaths: ['GET/health'] }],
])('is not made with %s', (_, access) => {
  const run = () => apiResourcePolicy(DEPLOYMENT, access);
  expect(run).toThrow(PolicyInputError);
  expect(run).toThrow(expect.objectContaining({ code: 'invalid_deployment' }));
});
