// SPDX-License-Identifier: Apache-2.0
import { type Deployment, integrityKeyPolicy } from '@enclave-vault/policies';
import { arn, awsRegion, defineRole, listOf, type RoleValues, text } from '@enclave-vault/settings';

const ACCOUNT = '111122223333';
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/enclave-vault/${name}`;

/** What the key policies were generated for. No process reads it: the doctor and the deployment do. */
export const DEPLOYMENT = defineRole('deployment', {
  doc: 'What a deployment is, and its key policies were generated for: read by [`enclave-vault doctor`](doctor.md), by no process.',
  settings: [
    {
      path: 'partition',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_PARTITION',
      doc: 'Partition of AWS.',
      read: text('aws, aws-cn, aws-us-gov or another partition', /aws(-[a-z]+)*/),
      default: 'aws',
    },
    {
      path: 'account',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_ACCOUNT',
      doc: 'Account.',
      read: text('12 digits', /\d{12}/),
    },
    { path: 'region', env: 'ENCLAVE_VAULT_DEPLOYMENT_REGION', doc: 'Region.', read: awsRegion() },
    {
      path: 'name',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_NAME',
      doc: 'Name: what its policies, roles and aliases begin with.',
      read: text('a lower-case name', /[a-z][a-z0-9-]{0,31}/),
    },
    {
      path: 'network.vpcId',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_NETWORK_VPC_ID',
      doc: 'Its VPC.',
      read: text('the id of a VPC', /vpc-[0-9a-z]+/),
    },
    {
      path: 'network.vpceId',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_NETWORK_VPCE_ID',
      doc: 'The interface endpoint that calls of KMS must come through, where the policies name one.',
      read: text('the id of a VPC endpoint', /vpce-[0-9a-z]+/),
      optional: true,
    },
    {
      path: 'roles.api',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_ROLES_API',
      doc: 'The API’s role.',
      read: arn('iam', 'role/'),
    },
    {
      path: 'roles.instance',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_ROLES_INSTANCE',
      doc: 'The parent instance’s role; PCR3 is measured from it.',
      read: arn('iam', 'role/'),
    },
    {
      path: 'roles.deployment',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_ROLES_DEPLOYMENT',
      doc: 'The role that writes key policies.',
      read: arn('iam', 'role/'),
    },
    {
      path: 'roles.breakGlass',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_ROLES_BREAK_GLASS',
      doc: 'The role for emergencies.',
      read: arn('iam', 'role/'),
    },
    {
      path: 'replicaRegions',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_REPLICA_REGIONS',
      doc: 'Regions that keys may be replicated to.',
      read: listOf(awsRegion()),
      default: [],
    },
    {
      path: 'deployers',
      env: 'ENCLAVE_VAULT_DEPLOYMENT_DEPLOYERS',
      doc: 'Roles that run the deploy command: they read keys from outside the network.',
      read: listOf(arn('iam', 'role/')),
      default: [],
    },
  ],
  rules: [
    {
      settings: ['roles.api', 'roles.instance', 'roles.deployment', 'roles.breakGlass', 'account'],
      doc: 'the four roles are different ones of the account, and `replicaRegions` are other Regions',
      broken: (values) => {
        try {
          integrityKeyPolicy(deploymentOf(values));
          return false;
        } catch {
          return true;
        }
      },
    },
  ],
  example: {
    account: ACCOUNT,
    region: 'eu-central-1',
    name: 'enclave-vault',
    network: { vpcId: 'vpc-0123456789abcdef0', vpceId: 'vpce-0123456789abcdef0' },
    roles: {
      api: role('api'),
      instance: role('instance'),
      deployment: role('deployment'),
      breakGlass: role('break-glass'),
    },
  },
});

type DeploymentSettings = RoleValues<typeof DEPLOYMENT>;

/** The same, as the generators of policies take it. */
export function deploymentOf({ network, ...settings }: DeploymentSettings): Deployment {
  const { vpcId, vpceId } = network;
  return { ...settings, network: { vpcId, ...(vpceId === undefined ? {} : { vpceId }) } };
}
