// SPDX-License-Identifier: Apache-2.0
import type { DeploymentTopic } from '@enclave-vault/policies';
import type { Suppression } from '../../suppress.ts';

const RULE = 'IAMNoWildcardPermissions';
const NAMED = /^Resource::arn:/;
const ANY = /^Resource::\*$/;

/** Why policies of the controllers have wildcards in resources. None has one in an action: that stays a finding. */
const WILDCARDS: Readonly<Record<DeploymentTopic | 'break-glass', { named: string; any?: string }>> = {
  keys: {
    named: 'KMS makes the id of a key; what may be done to one is for its own policy, which names this role.',
    any: 'A key that is being made has no ARN yet, and lists of keys know no resource.',
  },
  roles: {
    named:
      'Roles that AWS services make for themselves, by their path, and the instance profile of the deployment.',
  },
  network: {
    named: 'EC2 makes the ids of networks; conditions ask for the tag of the deployment where EC2 tells it.',
    any: 'EC2’s Describe actions know no resource, and a hosted zone of an endpoint is AWS’s own.',
  },
  resolver: {
    named: 'Resolver makes the ids of rule groups and lists, and the deployment is bounded to its Region.',
    any: 'Configurations and associations are of a VPC, and Resolver knows no resource for them.',
  },
  compute: {
    named:
      'EC2, Auto Scaling and the balancer add an id of their own to names that begin with the deployment’s.',
    any: 'Describe actions of Auto Scaling and of load balancers know no resource.',
  },
  functions: {
    named:
      'API Gateway, WAF and Signer make ids of their own; functions and their versions begin with the deployment’s name.',
    any: 'A code-signing configuration and a signing profile that are being made have no ARN yet.',
  },
  storage: {
    named:
      'Tables with their backups, and buckets, that begin with the deployment’s name; keys that the table names.',
  },
  watch: {
    named:
      'Log groups, alarms, rules and topics that begin with the deployment’s name, in the Regions of its replicas as well.',
    any: 'Deliveries and resource policies of logs, lists of trails and the end of a subscription know no resource.',
  },
  pipeline: {
    named:
      'Projects and pipelines that begin with the deployment’s name; CodeConnections makes the id of a connection.',
  },
  'break-glass': {
    named:
      'An emergency concerns keys, tables and logs whose ids are known only then; each use sets off an alarm.',
    any: 'Lists of keys, alarms, figures and events know no resource.',
  },
};

/** What cdk-nag finds in a policy of the controllers, and why it stands. */
export function wildcardsIn(policy: DeploymentTopic | 'break-glass'): readonly Suppression[] {
  const { named, any } = WILDCARDS[policy];
  return [
    { rule: RULE, finding: NAMED, reason: named },
    ...(any === undefined ? [] : [{ rule: RULE, finding: ANY, reason: any }]),
  ];
}
