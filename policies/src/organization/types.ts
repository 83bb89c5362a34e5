// SPDX-License-Identifier: Apache-2.0
import { PolicyInputError } from '../errors.ts';
import type { Statement } from '../types.ts';

/** A VPC that vaults work in. Its id is unique within its Region only. */
export interface ExpectedNetwork {
  readonly vpcId: string;
  readonly region: string;
}

/** What a management account knows of the vaults in its organization. */
export interface Organization {
  readonly partition: string;
  /** `o-…` */
  readonly id: string;
  /** Name of the deployments: their roles lie under the path /NAME/, their functions are called NAME-…. */
  readonly name: string;
  /** Where vaults work. */
  readonly networks: readonly ExpectedNetwork[];
  /** Roles that may change a vault's roles and boundaries, and the tags of a perimeter: those of its deployers. */
  readonly administrators: readonly string[];
  /** Roles and users that use a vault's keys and buckets from outside its networks, beside its own two: its deployers. */
  readonly outsiders: readonly string[];
  /** Accounts outside the organization that its resources are shared with. */
  readonly partners: readonly string[];
}

/** A statement of a control policy: the one kind of ours that may say what it is not about. */
export type ControlStatement =
  | Statement
  | (Omit<Statement, 'Resource'> & { readonly NotResource: readonly string[] });

export interface ControlDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly ControlStatement[];
}

const SHAPES = {
  partition: /^aws(-[a-z]+)*$/,
  id: /^o-[a-z0-9]{10,32}$/,
  name: /^[a-z][a-z0-9-]{0,31}$/,
} as const;

/**
 * Refuses members that would widen or empty a policy.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function checkOrganization(organization: Organization): void {
  const demand = (good: boolean, member: string): void => {
    if (!good) throw new PolicyInputError('invalid_deployment', `${member} is not usable in a policy`);
  };
  for (const member of ['partition', 'id', 'name'] as const) {
    demand(SHAPES[member].test(organization[member]), member);
  }
  const { partition, networks, administrators, outsiders, partners } = organization;
  // Without one, everything that is to come from a vault's network would be refused.
  demand(networks.length > 0, 'networks');
  for (const { vpcId, region } of networks) {
    demand(/^vpc-[0-9a-z]+$/.test(vpcId) && /^[a-z]{2,}(-[a-z0-9]+)+$/.test(region), 'networks');
  }
  demand(administrators.length > 0, 'administrators');
  for (const arn of [...administrators, ...outsiders]) {
    const [prefix, where, service, region, account = '', principal = ''] = arn.split(':');
    const good =
      prefix === 'arn' &&
      where === partition &&
      service === 'iam' &&
      region === '' &&
      /^\d{12}$/.test(account) &&
      /^(role|user)\/[\w+=,.@/-]+$/.test(principal) &&
      arn.split(':').length === 6;
    demand(good, 'administrators and outsiders');
  }
  for (const account of partners) demand(/^\d{12}$/.test(account), 'partners');
}

/** A vault's own role, in whatever account. */
export function vaultRole({ partition, name }: Organization, role: string): string {
  return `arn:${partition}:iam::*:role/${name}/${name}-${role}`;
}
