// SPDX-License-Identifier: Apache-2.0
import { PolicyInputError } from './errors.ts';
import type { Deployment, Home, Measurements } from './types.ts';

const ACCOUNT = /^[0-9]{12}$/;
const PARTITION = /^aws(-[a-z]+)*$/;
const REGION = /^[a-z]{2,}(-[a-z0-9]+)+$/;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const VPC = /^vpc-[0-9a-z]+$/;
const VPCE = /^vpce-[0-9a-z]+$/;
const ORGANIZATION = /^o-[a-z0-9]{10,32}$/;
const SHA384 = /^[0-9a-f]{96}$/;
const KEY_ID = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
// IAM's characters of a role name and path, less anything with a meaning in a policy.
const ROLE = /^role\/[\w+=,.@/-]+$/;

/** Register numbers of the key policy, with the member of {@link Measurements} that lists their values. */
export const PINNED_REGISTERS = [
  [0, 'pcr0'],
  [1, 'pcr1'],
  [2, 'pcr2'],
  [3, 'pcr3'],
  [8, 'pcr8'],
  [16, 'pcr16'],
] as const satisfies readonly (readonly [number, keyof Measurements])[];

/**
 * Refuses a home whose members would widen a document: a `*`, a `${…}` or an empty name inside an ARN.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function checkHome(home: Home, organization?: string): void {
  const { partition, account, region, name, roles, replicaRegions = [], deployers = [] } = home;
  demand(organization === undefined || ORGANIZATION.test(organization), 'organization');
  demand(PARTITION.test(partition), 'partition');
  demand(ACCOUNT.test(account), 'account');
  demand(REGION.test(region), 'region');
  demand(NAME.test(name), 'name');
  demand(
    replicaRegions.every((replica) => REGION.test(replica) && replica !== region),
    'replicaRegions',
  );
  const arns = [roles.api, roles.instance, roles.deployment, roles.breakGlass];
  for (const arn of arns) demand(isRole(home, arn), 'roles');
  // One role in two places would join powers that the documents keep apart.
  demand(new Set(arns).size === arns.length, 'roles');
  demand(
    deployers.every((arn) => isRole(home, arn) && !arns.includes(arn)),
    'deployers',
  );
}

/**
 * The same of a whole deployment.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function checkDeployment(deployment: Deployment): void {
  checkHome(deployment);
  checkNetwork(deployment.network);
}

/** @throws {PolicyInputError} `invalid_deployment` */
export function checkNetwork(network: Deployment['network']): void {
  demand(VPC.test(network.vpcId), 'network.vpcId');
  if (network.vpceId !== undefined) checkEndpoint(network.vpceId);
}

/** @throws {PolicyInputError} `invalid_deployment` */
export function checkEndpoint(vpceId: string): void {
  demand(VPCE.test(vpceId), 'network.vpceId');
}

/**
 * Refuses an exemption of a network perimeter that is not the exact ARN of one role of the account.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function checkOutsiders(home: Home, arns: readonly string[]): void {
  for (const arn of arns) demand(isRole(home, arn), 'exempt');
}

/**
 * Refuses measurements that would open the key: an empty list (whose meaning AWS does not document), a value
 * that is no SHA-384, and all zeros, which is what an enclave in debug mode or an unsigned image measures.
 * @throws {PolicyInputError} `invalid_measurements`
 */
export function checkMeasurements(measurements: Measurements): void {
  for (const [, member] of PINNED_REGISTERS) {
    const values = measurements[member];
    const good = values.length > 0 && values.every((value) => SHA384.test(value) && !/^0+$/.test(value));
    if (!good) throw new PolicyInputError('invalid_measurements', `${member} must list SHA-384 values`);
  }
}

/**
 * Refuses anything but the ARN of one KMS key.
 * @throws {PolicyInputError} `invalid_key`
 */
export function checkKeyArn(arn: string): string {
  const parts = arn.split(':');
  const [prefix, partition, service, region, account, key] = parts;
  const good =
    parts.length === 6 &&
    prefix === 'arn' &&
    service === 'kms' &&
    PARTITION.test(partition ?? '') &&
    REGION.test(region ?? '') &&
    ACCOUNT.test(account ?? '') &&
    key?.startsWith('key/') === true &&
    KEY_ID.test(key.slice('key/'.length));
  if (!good) throw new PolicyInputError('invalid_key', 'not the ARN of a KMS key');
  return arn;
}

function isRole({ partition, account }: Home, arn: string): boolean {
  const prefix = `arn:${partition}:iam::${account}:`;
  return arn.startsWith(prefix) && ROLE.test(arn.slice(prefix.length));
}

function demand(good: boolean, member: string): void {
  if (!good) throw new PolicyInputError('invalid_deployment', `${member} is not usable in a policy`);
}
