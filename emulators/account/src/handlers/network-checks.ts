// SPDX-License-Identifier: Apache-2.0
import { validatePolicy } from '@enclave-vault/emulator-iam';
import { documentOf } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { flagAt, textAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Subject } from './handler.ts';

interface Block {
  readonly first: number;
  readonly last: number;
  readonly length: number;
}

/** @throws {AwsError} InvalidVpc.Range */
export function checkVpc({ properties }: Subject): void {
  const block = blockOf(textAt(properties, 'CidrBlock') ?? '');
  // Amazon VPC User Guide, "VPC CIDR blocks".
  if (block === null || block.length < 16 || block.length > 28) {
    throw new AwsError('InvalidVpc.Range', `The CIDR '${properties.CidrBlock}' is invalid.`);
  }
}

/** @throws {AwsError} InvalidSubnet.Range, InvalidSubnet.Conflict, InvalidVpcID.NotFound */
export function checkSubnet({ world, region, id, properties }: Subject): void {
  const vpcId = textAt(properties, 'VpcId') ?? '';
  const vpc = world.find('AWS::EC2::VPC', region, vpcId);
  if (vpc === undefined) throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`);
  const cidr = textAt(properties, 'CidrBlock') ?? '';
  const block = blockOf(cidr);
  const outer = blockOf(textAt(vpc.properties, 'CidrBlock') ?? '');
  if (
    block === null ||
    outer === null ||
    block.first < outer.first ||
    block.last > outer.last ||
    block.length > 28
  ) {
    throw new AwsError('InvalidSubnet.Range', `The CIDR '${cidr}' is invalid.`);
  }
  const zone = textAt(properties, 'AvailabilityZone');
  if (zone !== undefined && !new RegExp(`^${region}[a-z]$`).test(zone)) {
    throw new AwsError('InvalidParameterValue', `Value (${zone}) for parameter availabilityZone is invalid.`);
  }
  const other = world.all('AWS::EC2::Subnet', region).find((thing) => {
    const theirs = blockOf(textAt(thing.properties, 'CidrBlock') ?? '');
    const same = thing.id !== id && thing.properties.VpcId === vpcId && theirs !== null;
    return same && theirs.first <= block.last && block.first <= theirs.last;
  });
  if (other !== undefined) {
    throw new AwsError('InvalidSubnet.Conflict', `The CIDR '${cidr}' conflicts with another subnet`);
  }
}

/** @throws {AwsError} InvalidPolicyDocument, InvalidParameter */
export function checkEndpoint({ world, region, id, properties }: Subject): void {
  if (properties.PolicyDocument !== undefined) {
    const policy = documentOf(properties.PolicyDocument, 'InvalidPolicyDocument');
    const [problem] = validatePolicy(policy, 'endpoint');
    if (problem !== undefined)
      throw new AwsError('InvalidPolicyDocument', `${problem.path}: ${problem.message}`);
    if (sizeOf(policy) > LIMITS.endpointPolicy) {
      throw new AwsError('InvalidPolicyDocument', 'The policy is longer than 20480 characters.');
    }
  }
  const service = textAt(properties, 'ServiceName') ?? '';
  if (!flagAt(properties, 'PrivateDnsEnabled')) return;
  // VPC User Guide, "Manage DNS names for VPC endpoint services": private names need both attributes of the VPC.
  const vpc = world.find('AWS::EC2::VPC', region, textAt(properties, 'VpcId') ?? '');
  if (!flagAt(vpc?.properties, 'EnableDnsSupport') || !flagAt(vpc?.properties, 'EnableDnsHostnames')) {
    throw new AwsError(
      'InvalidParameter',
      'Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true',
    );
  }
  const other = world
    .all('AWS::EC2::VPCEndpoint', region)
    .find(
      (thing) =>
        thing.id !== id &&
        thing.properties.ServiceName === service &&
        thing.properties.VpcId === properties.VpcId &&
        flagAt(thing.properties, 'PrivateDnsEnabled'),
    );
  if (other !== undefined) {
    throw new AwsError(
      'InvalidParameter',
      `private-dns-enabled cannot be set because there is already a conflicting DNS domain for ${service} in the VPC`,
    );
  }
}

function blockOf(cidr: string): Block | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, length = 0] = match.slice(1).map(Number);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - length);
  if ([a, b, c, d].some((part) => part > 255) || length > 32 || first % size !== 0) return null;
  return { first, last: first + size - 1, length };
}
