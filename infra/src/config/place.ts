// SPDX-License-Identifier: Apache-2.0
import { arn, awsRegion, json, listOf, type Setting, text } from '@enclave-vault/settings';

/** Where a deployment is, and who works on it. */
export const PLACE_SETTINGS = [
  {
    path: 'name',
    env: 'ENCLAVE_VAULT_DEPLOY_NAME',
    doc: 'Name of the deployment: stacks, roles, aliases, table and bucket begin with it. Unique in the account.',
    // The bucket of artifacts has account and Region behind it, and 63 characters in all. What is NAME-… is this vault's
    // in every policy: with a hyphen in names, the things of `vault-two` would be those of `vault` as well.
    read: text('a lower-case name of up to 20 letters and digits', /[a-z][a-z0-9]{0,19}/),
  },
  {
    path: 'partition',
    env: 'ENCLAVE_VAULT_DEPLOY_PARTITION',
    doc: 'Partition of AWS.',
    read: text('aws, aws-cn, aws-us-gov or another partition', /aws(-[a-z]+)*/),
    default: 'aws',
  },
  {
    path: 'account',
    env: 'ENCLAVE_VAULT_DEPLOY_ACCOUNT',
    doc: 'Account. Credentials of another account are refused before anything is created.',
    read: text('12 digits', /\d{12}/),
  },
  { path: 'region', env: 'ENCLAVE_VAULT_DEPLOY_REGION', doc: 'Region.', read: awsRegion() },
  {
    path: 'zones',
    env: 'ENCLAVE_VAULT_DEPLOY_ZONES',
    doc: 'Availability zones of subnets and instances.',
    read: listOf(text('the name of an availability zone', /[a-z]{2}(-[a-z]+)+-\d{1,2}[a-z]/), 2, 6),
  },
  {
    path: 'replicaRegions',
    env: 'ENCLAVE_VAULT_DEPLOY_REPLICA_REGIONS',
    doc: 'Regions that keys and table are replicated to.',
    read: listOf(awsRegion(), 0, 4),
    default: [],
  },
  {
    path: 'deployers',
    env: 'ENCLAVE_VAULT_DEPLOY_DEPLOYERS',
    doc: 'Roles that run the deploy command: who else may hand CloudFormation the deployment role is up to the account’s own policies.',
    read: listOf(arn('iam', 'role/'), 1, 20),
  },
  {
    path: 'breakGlass',
    env: 'ENCLAVE_VAULT_DEPLOY_BREAK_GLASS',
    doc: 'Roles and users of the account that may take the break-glass role. A user shows a second factor; a role’s session cannot, so who may take that role, and how, is for its own trust policy or identity provider to say. Each use sets off an alarm.',
    read: listOf(arn('iam', ''), 1, 20),
  },
  {
    path: 'tags',
    env: 'ENCLAVE_VAULT_DEPLOY_TAGS',
    doc: 'Tags of every resource that takes any.',
    read: json('an object of up to 20 tags, none of them dp:…', parseTags),
    default: {},
  },
  {
    path: 'organizationId',
    env: 'ENCLAVE_VAULT_DEPLOY_ORGANIZATION_ID',
    doc: 'Organization of the account. With it perimeters hold at its edge where a service allows that, without it at the account’s.',
    read: text('the id of an organization', /o-[a-z0-9]{10,32}/),
    optional: true,
  },
] as const satisfies readonly Setting[];

interface People {
  readonly partition: string;
  readonly account: string;
  readonly name: string;
  readonly deployers: readonly string[];
  readonly breakGlass: readonly string[];
}

export const PLACE_RULES = [
  {
    settings: ['deployers', 'account'],
    // They are let through perimeters, so each is one role.
    doc: '`deployers` are roles of the account, each by its exact ARN',
    broken: ({ partition, account, deployers }: People): boolean => {
      const prefix = `arn:${partition}:iam::${account}:role/`;
      return deployers.some((one) => !one.startsWith(prefix) || one.includes('*'));
    },
  },
  {
    settings: ['breakGlass', 'account', 'name'],
    doc: '`breakGlass` are roles and users of the account, and no role of the vault itself',
    broken: ({ partition, account, name, breakGlass }: People): boolean => {
      const prefix = `arn:${partition}:iam::${account}:`;
      return breakGlass.some(
        (one) =>
          !(one.startsWith(`${prefix}role/`) || one.startsWith(`${prefix}user/`)) ||
          one.startsWith(`${prefix}role/${name}/`),
      );
    },
  },
];

function parseTags(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError();
  const tags = Object.entries(value);
  const good = tags.every(
    ([name, text]) =>
      /^[\p{L}\p{N}_.:/=+@ -]{1,128}$/u.test(name) &&
      !/^(aws|dp):/i.test(name) &&
      typeof text === 'string' &&
      /^[\p{L}\p{N}_.:/=+@ -]{0,256}$/u.test(text),
  );
  if (!good || tags.length > 20) throw new TypeError();
  return Object.fromEntries(tags) as Record<string, string>;
}
