// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { resolveObject, type Scope } from '@enclave-vault/emulator-account';
import type { PolicyDocument, PolicyKind, Statement } from '@enclave-vault/emulator-iam';
import { type Known, stagesOf, synthesize, type Template, type TemplateResource } from '../../src/index.ts';

/** A policy of a template, where it stands: `keys/VaultKey`. */
export interface Found {
  readonly id: string;
  readonly kind: PolicyKind;
  readonly document: PolicyDocument;
}

export interface FoundRole {
  readonly arn: string;
  /** Ids of policies. */
  readonly trust: string;
  readonly boundary: string | null;
  readonly identity: readonly string[];
}

/** An account that has what the templates say, and nothing else. */
export interface Account {
  readonly policies: ReadonlyMap<string, Found>;
  /** By the last part of their name: `api`. */
  readonly roles: ReadonlyMap<string, FoundRole>;
  /** Ids of policies, by the ARN of what they are on: without an object's key, an alias, an API's path. */
  readonly resources: ReadonlyMap<string, string>;
  /** Endpoints of the VPC, by the name of their service: `kms`. */
  readonly endpoints: ReadonlyMap<string, { readonly id: string; readonly policy: string }>;
  /** ARNs of keys, by where they stand: `keys/VaultKey`. */
  readonly keys: ReadonlyMap<string, string>;
  readonly templates: ReadonlyMap<string, Template>;
}

type Properties = Readonly<Record<string, unknown>>;
interface Resource {
  readonly stage: string;
  readonly id: string;
  readonly type: string;
  readonly properties: Properties;
  readonly scope: Scope;
}

/**
 * Reads every template back, with references carried out as CloudFormation does. Where a stage puts a value out, it is the
 * one that later stages were made with. Nothing comes from the functions that the templates were made by.
 */
export function readAccount(known: Known): Account {
  const templates = new Map(stagesOf(known.config).map((stage) => [stage.id, synthesize(stage, known)]));
  const resources = [...templates].flatMap(([stage, template]) => resourcesOf(stage, template, known));
  const found = resources.flatMap(policiesIn);
  const policies = new Map(found.map((policy) => [policy.id, policy]));
  checkAllFound(resources, found);

  const roles = new Map(
    resources.filter(({ type }) => type === 'AWS::IAM::Role').map((role) => roleOf(role, resources, known)),
  );
  for (const { boundary } of roles.values()) {
    const policy = boundary === null ? undefined : policies.get(boundary);
    if (policy !== undefined) policies.set(policy.id, { ...policy, kind: 'boundary' });
  }
  const on = found.flatMap(({ id }): [string, string][] => {
    const resource = resources.find((one) => `${one.stage}/${one.id}` === id.split('#')[0]);
    return resource === undefined ? [] : placesOf(resource, known).map((arn) => [arn, id]);
  });
  const permissions = permissionsOf(resources);
  for (const { id, document, arn } of permissions) {
    policies.set(id, { id, kind: 'resource', document });
    on.push([arn, id]);
  }
  const twice = on.find(([arn], index) => on.findIndex(([other]) => other === arn) !== index);
  if (twice !== undefined) throw new TypeError(`two resources are called ${twice[0]}`);
  return {
    policies,
    roles,
    resources: new Map(on),
    endpoints: new Map(
      resources
        .filter(({ type }) => type === 'AWS::EC2::VPCEndpoint')
        .map((endpoint) => [
          text(endpoint.properties.ServiceName).split('.').at(-1) ?? '',
          { id: endpoint.scope.ref(endpoint.id), policy: `${endpoint.stage}/${endpoint.id}` },
        ]),
    ),
    keys: new Map(
      resources
        .filter(({ type }) => type === 'AWS::KMS::Key')
        .map(({ stage, id, scope }) => [`${stage}/${id}`, scope.attribute(id, 'Arn')]),
    ),
    templates,
  };
}

function resourcesOf(stage: string, template: Template, known: Known): Resource[] {
  const scope = scopeOf(stage, template, known);
  return Object.entries(template.Resources).map(([id, { Type, Properties = {} }]) => ({
    stage,
    id,
    type: Type,
    // Properties are JSON, whatever they are declared as.
    properties: resolveObject(Properties as Parameters<typeof resolveObject>[0], scope) as Properties,
    scope,
  }));
}

/** What references of a template stand for. */
function scopeOf(stage: string, template: Template, { config, outputs }: Known): Scope {
  const { partition, account, region } = config;
  const put = outputs.get(stage) ?? {};
  const given = new Map<string, string>();
  for (const [name, { Value }] of Object.entries(template.Outputs ?? {})) {
    const value = put[name];
    if (typeof value === 'string') given.set(JSON.stringify(Value), value);
  }
  const arn = (service: string, rest: string, within = region): string =>
    `arn:${partition}:${service}:${within}:${account}:${rest}`;
  const known = (id: string, name: string | null): string => {
    const reference = name === null ? { Ref: id } : { 'Fn::GetAtt': [id, name] };
    const value = given.get(JSON.stringify(reference));
    if (value !== undefined) return value;
    const { Type, Properties = {} } = template.Resources[id] ?? missing(stage, id);
    // Ref of an alias is its ARN.
    if (Type === 'AWS::Lambda::Alias') {
      const { Ref } = Properties.FunctionName as { readonly Ref: string };
      return `${known(Ref, 'Arn')}:${text(Properties.Name)}`;
    }
    return conventional(Type, Properties, id, name, arn);
  };
  return {
    ref: (id) => known(id, null),
    attribute: (id, name) => known(id, name),
    pseudo: { Partition: partition, AccountId: account, Region: region, URLSuffix: 'amazonaws.com' },
  };
}

type Arn = (service: string, rest: string, within?: string) => string;

/** Names and ARNs as the services make them (Service Authorization Reference, resource types). */
function conventional(
  type: string,
  properties: Properties,
  id: string,
  name: string | null,
  arn: Arn,
): string {
  const own = (member: string): string => text(properties[member] ?? id);
  const full = name === 'Arn';
  switch (type) {
    case 'AWS::IAM::Role':
      return full ? arn('iam', `role${own('Path')}${own('RoleName')}`, '') : own('RoleName');
    case 'AWS::IAM::ManagedPolicy':
      return arn('iam', `policy${own('Path')}${own('ManagedPolicyName')}`, '');
    case 'AWS::SNS::Topic':
      return arn('sns', own('TopicName'));
    case 'AWS::KMS::Key':
      return full ? arn('kms', `key/${keyId(id)}`) : keyId(id);
    case 'AWS::S3::Bucket':
      return full ? `arn:aws:s3:::${own('BucketName')}` : own('BucketName');
    case 'AWS::Lambda::Function':
      return full ? arn('lambda', `function:${own('FunctionName')}`) : own('FunctionName');
    case 'AWS::Events::Rule':
      return full ? arn('events', `rule/${own('Name')}`) : own('Name');
    case 'AWS::Logs::LogGroup':
      return full ? `${arn('logs', `log-group:${own('LogGroupName')}`)}:*` : own('LogGroupName');
    case 'AWS::EC2::VPCEndpoint':
      return `vpce-${Buffer.from(id).toString('hex').slice(0, 17).padEnd(17, '0')}`;
    default:
      // Nothing that a policy speaks of.
      return name === null ? `${id}-id` : `${id}-${name}`;
  }
}

/** An id of a key that the templates put out nowhere. */
function keyId(id: string): string {
  const hex = createHash('sha256').update(id).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Properties that hold a policy, by the type of resource. */
const HOLDERS: Readonly<Record<string, readonly (readonly [path: string, kind: PolicyKind])[]>> = {
  'AWS::IAM::Role': [['AssumeRolePolicyDocument', 'role-trust']],
  'AWS::IAM::ManagedPolicy': [['PolicyDocument', 'identity']],
  'AWS::IAM::RolePolicy': [['PolicyDocument', 'identity']],
  'AWS::KMS::Key': [['KeyPolicy', 'kms-key']],
  'AWS::SNS::TopicPolicy': [['PolicyDocument', 'resource']],
  'AWS::S3::BucketPolicy': [['PolicyDocument', 'resource']],
  'AWS::EC2::VPCEndpoint': [['PolicyDocument', 'endpoint']],
  'AWS::ApiGateway::RestApi': [['Policy', 'resource']],
  'AWS::Logs::ResourcePolicy': [['PolicyDocument', 'resource']],
  'AWS::DynamoDB::GlobalTable': [['Replicas.0.ResourcePolicy.PolicyDocument', 'resource']],
};

function policiesIn({ stage, id, type, properties }: Resource): Found[] {
  return (HOLDERS[type] ?? []).map(([path, kind]) => {
    const value = path
      .split('.')
      .reduce<unknown>((inner, member) => (inner as Properties | undefined)?.[member], properties);
    const document = typeof value === 'string' ? JSON.parse(value) : value;
    if (!isDocument(document)) throw new TypeError(`${stage}/${id} has no policy at ${path}`);
    return { id: `${stage}/${id}`, kind, document };
  });
}

/** A policy at a place that this reader does not know would be one that nothing judges. */
function checkAllFound(resources: readonly Resource[], found: readonly Found[]): void {
  const count = (value: unknown): number => {
    if (typeof value === 'string') return /"Statement"\s*:/.test(value) ? 1 : 0;
    if (typeof value !== 'object' || value === null) return 0;
    return isDocument(value) ? 1 : Object.values(value).reduce<number>((sum, inner) => sum + count(inner), 0);
  };
  for (const { stage, id, properties } of resources) {
    const known = found.filter((policy) => policy.id === `${stage}/${id}`).length;
    if (count(properties) !== known) throw new TypeError(`${stage}/${id} has a policy that nobody reads`);
  }
}

function roleOf(role: Resource, all: readonly Resource[], { config }: Known): [string, FoundRole] {
  const { stage, id, properties, scope } = role;
  const name = text(properties.RoleName);
  const policies = all.filter(({ type }) => type === 'AWS::IAM::ManagedPolicy');
  const byArn = (arn: unknown): string => {
    const policy = policies.find((one) => one.scope.ref(one.id) === arn);
    if (policy === undefined) throw new TypeError(`${name} has a policy of no template: ${text(arn)}`);
    return `${policy.stage}/${policy.id}`;
  };
  const attached = [
    ...list(properties.ManagedPolicyArns).map(byArn),
    ...policies
      .filter((one) => list(one.properties.Roles).includes(name))
      .map((one) => `${one.stage}/${one.id}`),
    ...all
      .filter(({ type, properties: own }) => type === 'AWS::IAM::RolePolicy' && own.RoleName === name)
      .map((one) => `${one.stage}/${one.id}`),
  ];
  const { PermissionsBoundary: boundary } = properties;
  const found = {
    arn: scope.attribute(id, 'Arn'),
    trust: `${stage}/${id}`,
    boundary: boundary === undefined ? null : byArn(boundary),
    identity: attached,
  };
  return [name.slice(config.name.length + 1), found];
}

/** ARNs of what a policy of a resource guards. */
function placesOf({ type, id, properties, scope }: Resource, { config }: Known): string[] {
  const { partition, account, region } = config;
  switch (type) {
    case 'AWS::IAM::Role':
    case 'AWS::KMS::Key':
    case 'AWS::DynamoDB::GlobalTable':
      return [scope.attribute(id, 'Arn')];
    case 'AWS::SNS::TopicPolicy':
      return list(properties.Topics);
    case 'AWS::S3::BucketPolicy':
      return [`arn:${partition}:s3:::${text(properties.Bucket)}`];
    case 'AWS::ApiGateway::RestApi':
      return [`arn:${partition}:execute-api:${region}:${account}:${scope.ref(id)}`];
    case 'AWS::Logs::ResourcePolicy':
      // One for all groups of the account and Region.
      return [`arn:${partition}:logs:${region}:${account}`];
    default:
      return [];
  }
}

/** Lambda's policy of a function: a statement for each permission (Lambda Developer Guide, "Viewing resource-based IAM policies"). */
function permissionsOf(all: readonly Resource[]): { id: string; arn: string; document: PolicyDocument }[] {
  const functions = all.filter(({ type }) => type === 'AWS::Lambda::Function');
  return functions.map(({ stage, id, scope }) => {
    const arn = scope.attribute(id, 'Arn');
    const name = scope.ref(id);
    const statements = all
      .filter(({ type }) => type === 'AWS::Lambda::Permission')
      .filter(({ properties: { FunctionName: on } }) => on === name || `${text(on)}:`.startsWith(`${arn}:`))
      .map(({ id: sid, properties }) => permission(sid, arn, properties));
    return { id: `${stage}/${id}`, arn, document: { Version: '2012-10-17', Statement: statements } };
  });
}

function permission(sid: string, arn: string, properties: Properties): Statement {
  const { Action, Principal, SourceAccount, SourceArn, FunctionName, ...others } = properties;
  if (Object.keys(others).length > 0) throw new TypeError(`${sid}: ${Object.keys(others).join()}`);
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: { Service: text(Principal) },
    Action: text(Action),
    Resource: text(FunctionName).startsWith(arn) ? text(FunctionName) : arn,
    Condition: {
      ...(SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': text(SourceAccount) } }),
      ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': text(SourceArn) } }),
    },
  };
}

function isDocument(value: unknown): value is PolicyDocument {
  return typeof value === 'object' && value !== null && 'Statement' in value;
}

function missing(stage: string, id: string): TemplateResource {
  throw new TypeError(`${stage} refers to ${id}, which it has not`);
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${JSON.stringify(value)} is no text`);
  return value;
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}
