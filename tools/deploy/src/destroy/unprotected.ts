// SPDX-License-Identifier: Apache-2.0

type Json = Readonly<Record<string, unknown>>;

/** By type of resource, its properties without what refuses deletion. */
const LIFTED: Readonly<Record<string, (properties: Json) => Json>> = {
  'AWS::ElasticLoadBalancingV2::LoadBalancer': (properties) => ({
    ...properties,
    LoadBalancerAttributes: list(properties.LoadBalancerAttributes).map((attribute) =>
      attribute.Key === 'deletion_protection.enabled' ? { ...attribute, Value: 'false' } : attribute,
    ),
  }),
  'AWS::Route53Resolver::FirewallRuleGroupAssociation': (properties) => ({
    ...properties,
    MutationProtection: 'DISABLED',
  }),
  'AWS::DynamoDB::GlobalTable': (properties) => ({
    ...properties,
    Replicas: list(properties.Replicas).map((replica) => ({ ...replica, DeletionProtectionEnabled: false })),
  }),
  'AWS::Logs::LogGroup': (properties) =>
    'DeletionProtectionEnabled' in properties
      ? { ...properties, DeletionProtectionEnabled: false }
      : properties,
};

/**
 * A deployed template without what would refuse its stack's deletion: the same resources, their protections off. It is made from what is
 * deployed, not synthesized, since what other stages put out may be gone by then.
 * @param all retained resources go with the stack as well
 */
export function unprotected(template: string, { all = false }: { readonly all?: boolean } = {}): string {
  const parsed = JSON.parse(template) as Json;
  const resources = Object.entries(parsed.Resources as Readonly<Record<string, Json>>).map(
    ([id, resource]) => {
      const properties = (resource.Properties ?? {}) as Json;
      const lift = LIFTED[String(resource.Type)];
      const lifted = lift === undefined ? resource : { ...resource, Properties: lift(properties) };
      return [id, all && lifted.DeletionPolicy !== undefined ? going(lifted) : lifted];
    },
  );
  return JSON.stringify({ ...parsed, Resources: Object.fromEntries(resources) });
}

/** Types with a text that anybody may change. */
const DESCRIBED = new Set(['AWS::IAM::Role', 'AWS::KMS::Key', 'AWS::KMS::ReplicaKey']);
const MARK = ' (goes with its stack)';

/**
 * A retained resource that is to go. CloudFormation takes another deletion policy only together with a change of something (User
 * Guide, "DeletionPolicy attribute"), so some of them get another description as well.
 */
function going(resource: Json): Json {
  const deleted = { ...resource, DeletionPolicy: 'Delete' };
  if (!DESCRIBED.has(String(resource.Type))) return deleted;
  const properties = (resource.Properties ?? {}) as Json;
  const { Description = '' } = properties;
  if (String(Description).endsWith(MARK)) return deleted;
  return { ...deleted, Properties: { ...properties, Description: `${Description}${MARK}` } };
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
