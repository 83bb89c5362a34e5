// SPDX-License-Identifier: Apache-2.0
import type { ExpectedNetwork } from '@enclave-vault/policies';
import { arn, defineRole, json, listOf, type RoleValues, text } from '@enclave-vault/settings';

const target = () =>
  text(
    'the id of a root, an organizational unit or an account',
    /r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|\d{12}/,
  );

/** organization.json: what a management account knows of the vaults in its organization. Its owner deploys it, not a vault's. */
export const ORGANIZATION = defineRole('organization', {
  doc: 'Service and resource control policies around vaults ([security.md](security.md)): a stack of its own in the management account of an organization, or in the account that it delegates policies to.',
  settings: [
    {
      path: 'partition',
      env: 'ENCLAVE_VAULT_ORGANIZATION_PARTITION',
      doc: 'Partition of AWS.',
      read: text('aws, aws-cn, aws-us-gov or another partition', /aws(-[a-z]+)*/),
      default: 'aws',
    },
    {
      path: 'id',
      env: 'ENCLAVE_VAULT_ORGANIZATION_ID',
      doc: 'Id of the organization.',
      read: text('the id of an organization', /o-[a-z0-9]{10,32}/),
    },
    {
      path: 'name',
      env: 'ENCLAVE_VAULT_ORGANIZATION_NAME',
      doc: 'Name of the deployments, as their deploy.json has it. Vaults of two names take two stacks.',
      read: text('a lower-case name of up to 20 letters and digits', /[a-z][a-z0-9]{0,19}/),
    },
    {
      path: 'targets.everywhere',
      env: 'ENCLAVE_VAULT_ORGANIZATION_TARGETS_EVERYWHERE',
      doc: 'What nobody needs, and who may use and whom services may serve: may be the root.',
      read: listOf(target(), 0, 50),
      default: [],
    },
    {
      path: 'targets.vaults',
      env: 'ENCLAVE_VAULT_ORGANIZATION_TARGETS_VAULTS',
      doc: 'From where keys and buckets are used, and where functions run: accounts of vaults and nothing else.',
      read: listOf(target(), 0, 50),
      default: [],
    },
    {
      path: 'networks',
      env: 'ENCLAVE_VAULT_ORGANIZATION_NETWORKS',
      doc: 'VPCs that vaults work in, with the Region of each: `[{"vpcId": "vpc-…", "region": "…"}]`.',
      read: json('a list of one to ten VPCs, each with its Region', parseNetworks),
    },
    {
      path: 'administrators',
      env: 'ENCLAVE_VAULT_ORGANIZATION_ADMINISTRATORS',
      doc: 'Who may change a vault’s roles and boundaries: its deployers.',
      read: listOf(arn('iam', ''), 1, 20),
    },
    {
      path: 'outsiders',
      env: 'ENCLAVE_VAULT_ORGANIZATION_OUTSIDERS',
      doc: 'Who uses a vault’s keys and buckets from outside its networks: its deployers.',
      read: listOf(arn('iam', ''), 0, 20),
      default: [],
    },
    {
      path: 'partners',
      env: 'ENCLAVE_VAULT_ORGANIZATION_PARTNERS',
      doc: 'Accounts of others that the organization shares resources with.',
      read: listOf(text('an account: 12 digits', /\d{12}/), 0, 20),
      default: [],
    },
  ],
  rules: [
    {
      settings: ['targets.everywhere', 'targets.vaults'],
      doc: 'a policy that is attached to nothing protects nothing: one of `targets.everywhere` and `targets.vaults` names something',
      broken: ({ targets }) => targets.everywhere.length + targets.vaults.length === 0,
    },
  ],
  example: {
    id: 'o-exampleorgid',
    name: 'vault',
    targets: { everywhere: ['ou-abcd-11111111'], vaults: ['111122223333'] },
    networks: [{ vpcId: 'vpc-11111111111111111', region: 'eu-central-1' }],
    administrators: ['arn:aws:iam::111122223333:role/people/deployer'],
    outsiders: ['arn:aws:iam::111122223333:role/people/deployer'],
  },
});

export type OrganizationConfig = RoleValues<typeof ORGANIZATION>;

function parseNetworks(value: unknown): readonly ExpectedNetwork[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 10) throw new TypeError();
  return value.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) throw new TypeError();
    const { vpcId, region, ...others } = entry as Readonly<Record<string, unknown>>;
    const good =
      typeof vpcId === 'string' &&
      /^vpc-[0-9a-f]{8,17}$/.test(vpcId) &&
      typeof region === 'string' &&
      /^[a-z]{2}(-[a-z]+)+-\d$/.test(region) &&
      Object.keys(others).length === 0;
    if (!good) throw new TypeError();
    return { vpcId, region };
  });
}
