// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validatePolicy } from '../../../emulators/iam/src/index.ts';
import {
  type ControlDocument,
  type Organization,
  organizationControls,
  organizationResourceControls,
  type PolicyDocument,
  PolicyInputError,
  vaultControls,
  vaultResourceControls,
} from '../../src/index.ts';
import { mutants } from '../mutants.ts';
import { PRINCIPALS } from './principal-rows.ts';
import { NETWORK, RESOURCES } from './resource-rows.ts';
import { ACCOUNT, DEPLOYER, decide, ORGANIZATION, type Row } from './support.ts';
import { VAULTS } from './vault-rows.ts';

interface Control {
  readonly what: string;
  readonly kind: 'scps' | 'rcps';
  readonly make: (organization: Organization) => ControlDocument;
  readonly rows: readonly Row[];
  /** Parts that no row needs, with the reason beside them. */
  readonly survivors?: readonly string[];
}

const CONTROLS: readonly Control[] = [
  { what: 'for every account, on principals', kind: 'scps', make: organizationControls, rows: PRINCIPALS },
  { what: 'for vaults, on principals', kind: 'scps', make: vaultControls, rows: VAULTS },
  {
    what: 'for every account, on resources',
    kind: 'rcps',
    make: organizationResourceControls,
    rows: RESOURCES,
  },
  { what: 'for vaults, on resources', kind: 'rcps', make: vaultResourceControls, rows: NETWORK },
];

describe.each(CONTROLS)('the control policy $what', ({ kind, make, rows, survivors = [] }) => {
  const control = make(ORGANIZATION);

  it.each(rows.map(([what, answer, asked]) => ({ what, answer, asked })))(
    '$what: $answer',
    ({ answer, asked }) => {
      expect(decide(kind, control, asked)).toBe(answer);
    },
  );

  it('is valid, denies only, and is within the 5,120 characters of its kind', () => {
    const most = {
      ...ORGANIZATION,
      partition: 'aws-us-gov',
      name: 'a-name-of-20-letters',
      networks: Array.from({ length: 10 }, (_, index) => ({
        vpcId: `vpc-${'a'.repeat(16)}${index}`,
        region: 'us-gov-west-1',
      })),
      administrators: Array.from(
        { length: 10 },
        (_, index) => `arn:aws-us-gov:iam::${ACCOUNT}:role/people/deployer-${index}`,
      ),
      outsiders: Array.from(
        { length: 10 },
        (_, index) => `arn:aws-us-gov:iam::${ACCOUNT}:role/people/deployer-${index}`,
      ),
      partners: Array.from({ length: 10 }, (_, index) => `${index}`.repeat(12)),
    };
    for (const organization of [ORGANIZATION, most]) {
      const document = make(organization);
      expect(validatePolicy(document, kind === 'scps' ? 'scp' : 'rcp')).toEqual([]);
      expect(document.Statement.every(({ Effect }) => Effect === 'Deny')).toBe(true);
      expect(JSON.stringify(document).length).toBeLessThanOrEqual(5120);
    }
  });

  it('has no statement, action, condition or value that no request needs', () => {
    // The one element that other policies do not have stays as it is.
    const alive = mutants(control as PolicyDocument)
      .filter(({ policy }) => policy.Statement.length > 0)
      .filter(({ policy }) => rows.every(([, answer, asked]) => decide(kind, policy, asked) === answer));
    expect(alive.map(({ what }) => what)).toEqual(survivors);
  });

  it('exempts no one by a tag', () => {
    expect(JSON.stringify(control)).not.toContain('PrincipalTag');
  });
});

describe('input', () => {
  it.each<readonly [what: string, Partial<Organization>]>([
    ['no network', { networks: [] }],
    ['a VPC that is a pattern', { networks: [{ vpcId: 'vpc-*', region: 'eu-central-1' }] }],
    ['no administrator', { administrators: [] }],
    ['an administrator that is a pattern', { administrators: [`arn:aws:iam::${ACCOUNT}:role/*`] }],
    ['a whole account of administrators', { administrators: [`arn:aws:iam::${ACCOUNT}:root`] }],
    ['an outsider of another partition', { outsiders: [DEPLOYER.replace('arn:aws:', 'arn:aws-cn:')] }],
    ['a partner that is no account', { partners: ['*'] }],
    ['another id', { id: 'o-*' }],
    ['another name', { name: '*' }],
  ])('with %s is refused', (_, change) => {
    for (const { make } of CONTROLS) {
      const made = (): unknown => make({ ...ORGANIZATION, ...change });
      expect(made).toThrow(PolicyInputError);
      expect(made).toThrow(expect.objectContaining({ code: 'invalid_deployment' }));
    }
  });
});
