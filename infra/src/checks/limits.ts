// SPDX-License-Identifier: Apache-2.0
import { at, type Check, type Finding, many, type Placed, resourcesOf } from './check.ts';
import { documentsOf } from './documents.ts';

/** Stages that are made before there is a bucket to fetch a template from. */
const BEFORE_BUCKET: ReadonlySet<string> = new Set([
  'controllers',
  'identities',
  'base',
  'network',
  'artifacts',
]);
/** Of CloudFormation (User Guide, "CloudFormation quotas"): bytes in a request, bytes in a bucket, resources, outputs. */
const TEMPLATE = { body: 51_200, file: 1024 * 1024, resources: 500, outputs: 200 };

const template: Check = {
  id: 'template-size',
  refuses:
    'Templates beyond CloudFormation’s limits: 51,200 bytes before there is a bucket to fetch them from and 1 MiB afterwards, 500 resources, 200 outputs.',
  because: 'CloudFormation refuses them, and that in the middle of a deployment.',
  *find({ stage, template: whole }) {
    const refused = (reason: string): Finding => ({ resource: '', reason });
    const bytes = Buffer.byteLength(JSON.stringify(whole));
    const most = BEFORE_BUCKET.has(stage) ? TEMPLATE.body : TEMPLATE.file;
    if (bytes > most) yield refused(`${bytes} bytes of ${most}`);
    const resources = Object.keys(whole.Resources).length;
    if (resources > TEMPLATE.resources) yield refused(`${resources} resources of ${TEMPLATE.resources}`);
    const outputs = Object.keys(whole.Outputs ?? {}).length;
    if (outputs > TEMPLATE.outputs) yield refused(`${outputs} outputs of ${TEMPLATE.outputs}`);
  },
};

/** Bytes of a policy document by the type that holds it: service quotas that no request raises, or defaults. */
const POLICY_LIMITS: Readonly<Record<string, number>> = {
  'AWS::IAM::ManagedPolicy': 6144,
  'AWS::IAM::Role': 2048,
  'AWS::KMS::Key': 32_768,
  'AWS::KMS::ReplicaKey': 32_768,
  'AWS::S3::BucketPolicy': 20_480,
  'AWS::DynamoDB::GlobalTable': 20_480,
  'AWS::SNS::TopicPolicy': 30_720,
  'AWS::EC2::VPCEndpoint': 20_480,
  'AWS::Logs::ResourcePolicy': 5120,
  'AWS::ApiGateway::RestApi': 8192,
};
/** All inline policies of one role together. */
const ROLE_POLICIES = 10_240;

const policies: Check = {
  id: 'policy-size',
  refuses:
    'Policy documents beyond the limits of their service; inline policies of one role beyond 10,240 characters.',
  because: 'A service refuses them, and that in the middle of a deployment.',
  *find(subject) {
    const inline = new Map<string, number>();
    for (const { resource, document } of documentsOf(subject)) {
      const size = policySize(document);
      const most = POLICY_LIMITS[resource.type];
      if (most !== undefined && size > most) {
        yield { resource: resource.id, reason: `a policy of ${size} characters, of ${most}` };
      }
      if (resource.type !== 'AWS::IAM::RolePolicy') continue;
      const role = String(resource.properties.RoleName);
      inline.set(role, (inline.get(role) ?? 0) + size);
    }
    for (const [role, size] of inline) {
      if (size > ROLE_POLICIES)
        yield { resource: '', reason: `policies of ${role}: ${size} of ${ROLE_POLICIES}` };
    }
  },
};

/** IAM does not count white space; of a reference, its text stands for an ARN of about the same length. */
function policySize(document: unknown): number {
  return JSON.stringify(document).replaceAll(/\s/g, '').length;
}

const payloads: Check = {
  id: 'payload-size',
  refuses:
    'User data beyond 16 KB, environments of functions beyond 4 KB, more than 60 rules of a security group.',
  because: 'EC2 and Lambda refuse them, and user data only when an instance is to be launched.',
  *find(subject) {
    for (const placed of resourcesOf(subject)) {
      const reason = tooLarge(placed);
      if (reason !== undefined) yield { resource: placed.id, reason };
    }
  },
};

function tooLarge({ type, properties }: Placed): string | undefined {
  if (type === 'AWS::EC2::LaunchTemplate') {
    const data = at(properties, 'LaunchTemplateData', 'UserData');
    const bytes = Buffer.byteLength(String(at(data, 'Fn::Base64') ?? data ?? ''));
    return bytes > 16_384 ? `user data of ${bytes} bytes` : undefined;
  }
  if (type === 'AWS::Lambda::Function') {
    const bytes = Buffer.byteLength(JSON.stringify(at(properties, 'Environment', 'Variables') ?? {}));
    return bytes > 4096 ? `environment of ${bytes} bytes` : undefined;
  }
  if (type === 'AWS::EC2::SecurityGroup') {
    const rules = [properties.SecurityGroupIngress, properties.SecurityGroupEgress].flatMap(many);
    return rules.length > 60 ? `${rules.length} rules of a group` : undefined;
  }
  return undefined;
}

export const LIMIT_CHECKS: readonly Check[] = [template, policies, payloads];
