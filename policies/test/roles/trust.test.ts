// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type Principal,
  validatePolicy,
} from '../../../emulators/iam/src/index.ts';
import {
  breakGlassTrustPolicy,
  PolicyInputError,
  ROLE_IDS,
  ROLES,
  type RoleId,
  type RoleSpec,
  roleArn,
  serviceTrustPolicy,
  type TrustDocument,
} from '../../src/index.ts';
import { ACCOUNT, ALLOW_ALL, HOME } from './samples.ts';

const OTHER = '444455556666';
const ON_CALL = `arn:aws:iam::${ACCOUNT}:role/people/on-call`;
const OFFICER = `arn:aws:iam::${ACCOUNT}:user/officer`;
const BREAK_GLASS = breakGlassTrustPolicy(HOME, [ON_CALL, OFFICER]);
const SERVICES = ROLE_IDS.filter((id) => id !== 'break-glass');

function decide(
  trust: TrustDocument,
  role: string,
  principal: Principal,
  context: ContextValues = {},
): string {
  const decision = evaluateRequest(
    { principal, action: 'sts:AssumeRole', resource: role, resourceAccount: ACCOUNT, context },
    { identity: [ALLOW_ALL], resource: trust },
  );
  return decision.allowed
    ? `allow: ${decision.decidedBy?.sid}`
    : (decision.decidedBy?.sid ?? decision.missing ?? '');
}

const service = (name: string): Principal => ({ arn: name, type: 'service' });
const user = (arn: string): Principal => ({ arn, type: 'user', account: ACCOUNT });
const session = (arn: string): Principal => ({ arn, type: 'role', account: ACCOUNT });

/** What each service says of whom it works for, where it says so: ours. */
const SOURCE: Readonly<Record<string, ContextValues>> = {
  'cloudformation.amazonaws.com': { 'aws:SourceAccount': ACCOUNT },
  'codebuild.amazonaws.com': {
    'aws:SourceAccount': ACCOUNT,
    'aws:SourceArn': `arn:aws:codebuild:eu-central-1:${ACCOUNT}:project/vault-build`,
  },
  'codepipeline.amazonaws.com': {
    'aws:SourceAccount': ACCOUNT,
    'aws:SourceArn': `arn:aws:codepipeline:eu-central-1:${ACCOUNT}:vault-release`,
  },
  'vpc-flow-logs.amazonaws.com': {
    'aws:SourceAccount': ACCOUNT,
    'aws:SourceArn': `arn:aws:ec2:eu-central-1:${ACCOUNT}:vpc-flow-log/fl-1`,
  },
};

/** Services that are documented to say it; the others are held to it only when they do. */
const OUTSPOKEN = Object.keys(SOURCE);

describe.each(SERVICES)('the trust of %s', (id: RoleId) => {
  const trust = serviceTrustPolicy(HOME, id);
  const arn = roleArn(HOME, id);
  const { assumedBy }: RoleSpec = ROLES[id];
  const ours = SOURCE[assumedBy] ?? {};

  it('is valid, within IAM’s 2,048 characters, and of one service', () => {
    expect(validatePolicy(trust, 'role-trust')).toEqual([]);
    expect(JSON.stringify(trust).length).toBeLessThanOrEqual(2048);
    expect(decide(trust, arn, service(assumedBy), ours)).toBe('allow: AllowService');
    for (const other of ['lambda', 'ec2', 'cloudformation', 'glue', 'ssm'].map(
      (name) => `${name}.amazonaws.com`,
    )) {
      if (other !== assumedBy)
        expect([other, decide(trust, arn, service(other), ours)]).toEqual([other, 'resource']);
    }
  });

  it('lets no person and no other role in, whatever they are allowed', () => {
    for (const principal of [user(OFFICER), session(ON_CALL), session(HOME.roles.breakGlass), session(arn)]) {
      expect(decide(trust, arn, principal, { 'aws:MultiFactorAuthPresent': 'true', ...ours })).toBe(
        'resource',
      );
    }
  });

  it('does not serve a deputy of another account', () => {
    const theirs = Object.fromEntries(
      Object.entries({ 'aws:SourceAccount': ACCOUNT, ...ours }).map(([key, value]) => [
        key,
        String(value).replace(ACCOUNT, OTHER),
      ]),
    );
    expect(decide(trust, arn, service(assumedBy), theirs)).toBe('resource');
    if (!OUTSPOKEN.includes(assumedBy)) return;
    expect(decide(trust, arn, service(assumedBy))).toBe('resource');
    for (const key of Object.keys(ours)) {
      const mixed = { ...ours, [key]: theirs[key] ?? '' };
      expect([key, decide(trust, arn, service(assumedBy), mixed)]).toEqual([key, 'resource']);
    }
  });
});

describe('the trust of the break-glass role', () => {
  const arn = roleArn(HOME, 'break-glass');
  const factor = (present: string): ContextValues => ({ 'aws:MultiFactorAuthPresent': present });

  it.each<readonly [what: string, principal: Principal, context: ContextValues, answer: string]>([
    ['a user with a second factor', user(OFFICER), factor('true'), 'allow: AllowUsersWithSecondFactor'],
    ['a user with a session without one', user(OFFICER), factor('false'), 'resource'],
    ['a user with an access key', user(OFFICER), {}, 'resource'],
    [
      'another user with a second factor',
      user(`arn:aws:iam::${ACCOUNT}:user/other`),
      factor('true'),
      'resource',
    ],
    // AssumeRole's sessions never say that there was one.
    ['a role', session(ON_CALL), {}, 'allow: AllowRoles'],
    ['a role whose session says that there was none', session(ON_CALL), factor('false'), 'resource'],
    ['another role', session(`arn:aws:iam::${ACCOUNT}:role/people/other`), factor('true'), 'resource'],
    ['the deployment role', session(HOME.roles.deployment), factor('true'), 'resource'],
    ['the API', session(HOME.roles.api), {}, 'resource'],
    [
      'the account’s root',
      { arn: `arn:aws:iam::${ACCOUNT}:root`, type: 'root', account: ACCOUNT },
      factor('true'),
      'resource',
    ],
    [
      'a role of that name elsewhere',
      { arn: ON_CALL.replace(ACCOUNT, OTHER), type: 'role', account: OTHER },
      factor('true'),
      'resource',
    ],
    ['a service', service('lambda.amazonaws.com'), {}, 'resource'],
    ['CloudFormation', service('cloudformation.amazonaws.com'), { 'aws:SourceAccount': ACCOUNT }, 'resource'],
  ])('%s', (_, principal, context, answer) => {
    expect(decide(BREAK_GLASS, arn, principal, context)).toBe(answer);
  });

  it('is valid, and says nothing of kinds of people that nobody named', () => {
    expect(validatePolicy(BREAK_GLASS, 'role-trust')).toEqual([]);
    expect(breakGlassTrustPolicy(HOME, [OFFICER]).Statement.map(({ Sid }) => Sid)).toEqual([
      'AllowUsersWithSecondFactor',
    ]);
    expect(breakGlassTrustPolicy(HOME, [ON_CALL]).Statement.map(({ Sid }) => Sid)).toEqual(['AllowRoles']);
  });

  it('fits in IAM’s 2,048 characters with twenty people of long names', () => {
    const people = Array.from({ length: 20 }, (_, index) => `${OFFICER}-${index}-${'x'.repeat(30)}`);
    expect(JSON.stringify(breakGlassTrustPolicy(HOME, people)).length).toBeLessThanOrEqual(2048);
  });

  it.each([
    ['nobody', []],
    ['a wildcard', [`arn:aws:iam::${ACCOUNT}:role/people/*`]],
    ['a variable', [`arn:aws:iam::${ACCOUNT}:user/\${aws:username}`]],
    ['a whole account', [`arn:aws:iam::${ACCOUNT}:root`]],
    ['another account', [ON_CALL.replace(ACCOUNT, OTHER)]],
    ['a session', [`arn:aws:sts::${ACCOUNT}:assumed-role/on-call/a`]],
    ['a group', [`arn:aws:iam::${ACCOUNT}:group/on-call`]],
    ['a role of the vault', [ON_CALL, HOME.roles.deployment]],
  ])('is refused for %s', (_, people) => {
    const refused = (): unknown => breakGlassTrustPolicy(HOME, people);
    expect(refused).toThrow(PolicyInputError);
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid_deployment' }));
  });

  it('is of no service', () => {
    expect(() => serviceTrustPolicy(HOME, 'break-glass')).toThrow(
      expect.objectContaining({ code: 'invalid_deployment' }),
    );
  });
});
