// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { isList, isObject, type Json } from '../json.ts';
import type { Subject } from './handler.ts';

/** Types that hold what they name: their members are no policies, in which an id is only a word. */
const HOLDERS =
  /^AWS::(EC2::|Lambda::Function$|ElasticLoadBalancingV2::LoadBalancer$|AutoScaling::AutoScalingGroup$|Route53Resolver::(FirewallRuleGroupAssociation|ResolverQueryLoggingConfigAssociation)$)/;

/** Refuses to delete what others in the Region still name. @throws {AwsError} `DependencyViolation` */
export function free({ world, region, id }: Subject): void {
  const holder = world.things.find(
    (thing) =>
      thing.id !== id && thing.region === region && HOLDERS.test(thing.type) && names(thing.properties, id),
  );
  if (holder !== undefined) throw violation(id, `${holder.type} ${holder.id}`);
}

/**
 * The same of subnets and security groups, which network interfaces hold too: Lambda's stay for a while after their
 * function is gone (AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC").
 */
export function interfaceFree(subject: Subject): void {
  free(subject);
  if (subject.world.holding(subject.id)) throw violation(subject.id, 'a network interface of AWS Lambda');
}

function violation(id: string, holder: string): AwsError {
  return new AwsError('DependencyViolation', `resource ${id} has a dependent object: ${holder}`);
}

function names(value: Json | undefined, id: string): boolean {
  if (value === id) return true;
  if (value === undefined || value === null) return false;
  if (isObject(value)) {
    return Object.entries(value).some(([member, inner]) => member !== 'PolicyDocument' && names(inner, id));
  }
  return typeof value === 'object' && isList(value) && value.some((inner) => names(inner, id));
}
