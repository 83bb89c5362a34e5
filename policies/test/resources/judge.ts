// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import {
  type ContextValues,
  evaluateRequest,
  type PolicyKind,
  type Principal,
  validatePolicy,
} from '../../../emulators/iam/src/index.ts';
import type { PolicyDocument, Statement } from '../../src/index.ts';
import { mutants } from '../mutants.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, OTHER, PLACES } from '../support.ts';

const role = (name: string): Principal => ({
  arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
  type: 'role',
  account: ACCOUNT,
});
const service = (name: string): Principal => ({ arn: `${name}.amazonaws.com`, type: 'service' });

export const BUILD = role('vault/vault-build').arn;
export const PIPELINE = role('vault/vault-pipeline').arn;

export const WHO = {
  ...CALLERS,
  build: role('vault/vault-build'),
  deploy: role('vault/vault-deploy'),
  pipeline: role('vault/vault-pipeline'),
  smoke: role('vault/vault-smoke'),
  replication: role(
    'aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication',
  ),
  anonymous: { arn: '*', type: 'anonymous' },
  cloudwatch: service('cloudwatch'),
  events: service('events'),
  logs: service('logs.eu-central-1'),
  dynamodb: service('dynamodb'),
  s3: service('s3'),
  cloudtrail: service('cloudtrail'),
} as const satisfies Record<string, Principal>;

export const FOR_US: ContextValues = { 'aws:SourceAccount': ACCOUNT };
export const FOR_OTHERS: ContextValues = { 'aws:SourceAccount': OTHER };
export const FROM = { ...PLACES, nowhere: {} } as const;

/** `allow`; the Sid of the Deny that refuses; or `resource`, where only an Allow in the resource's policy is missing. */
export type Row = readonly [
  who: keyof typeof WHO,
  from: keyof typeof FROM,
  action: string,
  context: ContextValues,
  answer: string,
  why?: string | undefined,
];

export interface Judged {
  readonly policy: PolicyDocument;
  readonly kind: PolicyKind;
  /** ARN, of each row's own where they differ. */
  readonly resource: string | ((row: Row) => string);
  readonly rows: readonly Row[];
  /** Mutants that change no answer, each with its reason. null: not asked, where another test mutates the same parts. */
  readonly survivors?: Readonly<Record<string, string>> | null;
  /** Bytes that AWS takes at most. */
  readonly limit: number;
}

/**
 * The callers' own policies allow them everything, in both. `given`: the resource's policy as it is. `hostile`: with an
 * Allow of everything to everybody slipped in.
 */
const MODES = ['given', 'hostile'] as const;
type Mode = (typeof MODES)[number];
const HOSTILE: Statement = { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };

function documentIn(policy: PolicyDocument, mode: Mode): PolicyDocument {
  return mode === 'given' ? policy : { ...policy, Statement: [HOSTILE, ...policy.Statement] };
}

function answerTo(row: Row, on: Judged['resource'], policy: PolicyDocument): string {
  const [who, from, action, context] = row;
  const resource = typeof on === 'string' ? on : on(row);
  const decision = evaluateRequest(
    {
      principal: WHO[who],
      action,
      resource,
      resourceAccount: ACCOUNT,
      context: { 'aws:SecureTransport': 'true', ...FROM[from], ...context },
    },
    { identity: [ALLOW_ALL], resource: policy },
  );
  if (decision.allowed) return 'allow';
  return decision.decidedBy?.sid ?? decision.missing ?? 'nothing';
}

const expected = ([, , , , answer]: Row, mode: Mode): string =>
  mode === 'hostile' && answer === 'resource' ? 'allow' : answer;

/** A principal's request tells no source account, so that the condition on services is there for the reader. */
export const SERVICES_ONLY = {
  'EnforceConfusedDeputyProtection: without Bool aws:PrincipalIsAWSService': 'only services tell a source',
};

/** Tests of a resource's policy: that AWS takes it, every row both ways, and that each part of it is missed by some row. */
export function judged({ policy, kind, resource, rows, survivors = SERVICES_ONLY, limit }: Judged): void {
  it('is a document that AWS takes, and not too long', () => {
    expect(validatePolicy(policy, kind)).toEqual([]);
    expect(JSON.stringify(policy).length).toBeLessThan(limit);
    const sids = policy.Statement.map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
  });

  it.each(MODES)('answers every request, %s', (mode) => {
    const document = documentIn(policy, mode);
    const told = (row: Row, answer: string): string =>
      `${row[0]} ${row[1]} ${row[2]} ${JSON.stringify(row[3])} -> ${answer} (${row[5] ?? ''})`;
    expect(rows.map((row) => told(row, answerTo(row, resource, document)))).toEqual(
      rows.map((row) => told(row, expected(row, mode))),
    );
  });

  if (survivors === null) return;
  it('has nothing that no row would miss', () => {
    const noticed = (mutant: PolicyDocument): boolean =>
      // Without any statement it is no policy, unless somebody slips one in.
      MODES.filter((mode) => mode === 'hostile' || mutant.Statement.length > 0).some((mode) => {
        const document = documentIn(mutant, mode);
        return rows.some(
          (row) => (answerTo(row, resource, document) === 'allow') !== (expected(row, mode) === 'allow'),
        );
      });
    const all = mutants(policy);
    const alive = all.filter((mutant) => !noticed(mutant.policy)).map(({ what }) => what);
    console.info(`${policy.Id}: ${all.length - alive.length} of ${all.length} mutants noticed`);
    expect(alive.toSorted()).toEqual(Object.keys(survivors).toSorted());
  });
}
