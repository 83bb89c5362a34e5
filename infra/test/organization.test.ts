// SPDX-License-Identifier: Apache-2.0
import {
  organizationControls,
  organizationResourceControls,
  vaultControls,
  vaultResourceControls,
} from '@enclave-vault/policies';
import { readRole, SettingsError } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import {
  DEPLOY,
  ORGANIZATION,
  type OrganizationConfig,
  STAGES,
  synthesizeOrganization,
} from '../src/index.ts';

const EXAMPLE = ORGANIZATION.example as Readonly<Record<string, unknown>>;
const read = (changes: Readonly<Record<string, unknown>> = {}): OrganizationConfig =>
  readRole(ORGANIZATION, { file: { ...EXAMPLE, ...changes }, env: {} });

describe('the stack of a management account', () => {
  it('has the four policies that are proved, each attached where it belongs', () => {
    const config = read();
    const everywhere = ['ou-abcd-11111111'];
    const vaults = ['111122223333'];
    const { Resources } = synthesizeOrganization(config);
    const found = Object.values(Resources).map(({ Type, Properties = {} }) => {
      const { Name, Type: kind, Content, TargetIds, Tags } = Properties;
      return { Type, Name, kind, Content, TargetIds, Tags };
    });
    const policy = (Name: string, kind: string, Content: unknown, TargetIds: readonly string[]) => ({
      Type: 'AWS::Organizations::Policy',
      Name,
      kind: `${kind}_CONTROL_POLICY`,
      Content,
      TargetIds,
      Tags: [{ Key: 'enclave-vault', Value: 'vault' }],
    });
    expect(found).toEqual([
      policy('vault-everywhere-principals', 'SERVICE', organizationControls(config), everywhere),
      policy('vault-everywhere-resources', 'RESOURCE', organizationResourceControls(config), everywhere),
      policy('vault-vaults-principals', 'SERVICE', vaultControls(config), vaults),
      policy('vault-vaults-resources', 'RESOURCE', vaultResourceControls(config), vaults),
    ]);
  });

  it('has none that would be attached to nothing', () => {
    const { Resources } = synthesizeOrganization(read({ targets: { vaults: ['111122223333'] } }));
    expect(Object.keys(Resources)).toEqual(['VaultsPrincipals', 'VaultsResources']);
  });

  it('is the same for the same settings, fits into a request, and is no stage of a vault', () => {
    const text = JSON.stringify(synthesizeOrganization(read()));
    expect(JSON.stringify(synthesizeOrganization(read()))).toBe(text);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51_200);
    expect(STAGES.map(({ id }) => id)).not.toContain('organization');
  });
});

it('refuses lists that make a policy too long, before Organizations does', () => {
  const people = (kind: string) =>
    Array.from(
      { length: 20 },
      (_, index) => `arn:aws:iam::111122223333:role/people/a-long-path/${kind}-${index}`,
    );
  const long = read({ administrators: people('administrator'), outsiders: people('deployer') });
  expect(() => synthesizeOrganization(long)).toThrow(
    expect.objectContaining({ code: 'template_refused', message: expect.stringContaining('5120') }),
  );
});

const problems = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
};

describe('organization.json', () => {
  it.each<readonly [what: string, changes: Readonly<Record<string, unknown>>, setting: string]>([
    ['no target', { targets: {} }, 'targets'],
    ['a target that is none', { targets: { vaults: ['everything'] } }, 'targets.vaults'],
    ['no network', { networks: [] }, 'networks'],
    ['a network without Region', { networks: [{ vpcId: 'vpc-11111111' }] }, 'networks'],
    [
      'a network with more',
      { networks: [{ vpcId: 'vpc-11111111', region: 'eu-central-1', a: 1 }] },
      'networks',
    ],
    ['no administrator', { administrators: [] }, 'administrators'],
    ['another id', { id: 'r-abcd' }, 'id'],
    ['a partner that is no account', { partners: ['*'] }, 'partners'],
  ])('with %s is refused', (_, changes, setting) => {
    expect(problems(() => read(changes))).toContain(setting);
  });
});

describe('break-glass in deploy.json', () => {
  const deploy = (breakGlass: readonly string[]): string =>
    problems(() => readRole(DEPLOY, { file: { ...(DEPLOY.example as object), breakGlass }, env: {} }));

  it('is for roles and users of the account, and for no role of the vault', () => {
    const arn = (rest: string, account = '111122223333'): string => `arn:aws:iam::${account}:${rest}`;
    expect(deploy([arn('role/people/on-call'), arn('user/officer')])).toBe('');
    for (const refused of [
      arn('root'),
      arn('group/on-call'),
      arn('role/people/on-call', '444455556666'),
      arn('role/vault/vault-deployment'),
    ]) {
      expect([refused, deploy([refused])]).toEqual([refused, expect.stringContaining('breakGlass')]);
    }
  });
});
