// SPDX-License-Identifier: Apache-2.0
import type { ContextValues, PolicyDocument, Principal } from '@enclave-vault/emulator-iam';
import type { Account } from './account.ts';

/*
 * Who asks, and from where: the words of the first two columns of the matrix. One property differs at a time, so that each
 * condition is seen alone.
 */

export const ACCOUNT = '111122223333';
const OTHER_ACCOUNT = '444455556666';
const REGION = 'eu-central-1';

/** What an administrator of an account has (AWS managed policy AdministratorAccess). */
export const EVERYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' }],
};

export interface Caller {
  readonly principal: Principal;
  /** Name of the role of ours whose policies bind, or what the caller has instead. */
  readonly has:
    | { readonly role: string }
    | { readonly identity: PolicyDocument; readonly boundary?: string }
    | null;
  /** In every request of his. */
  readonly context: ContextValues;
}

const roleIn = (account: string, path: string): Principal => ({
  arn: `arn:aws:iam::${account}:role/${path}`,
  type: 'role',
  account,
});
const person = (path: string, boundary?: string): Caller => ({
  principal: roleIn(ACCOUNT, path),
  has: { identity: EVERYTHING, ...(boundary === undefined ? {} : { boundary }) },
  context: {},
});
const service = (name: string): Caller => ({
  principal: { arn: `${name}.amazonaws.com`, type: 'service' },
  has: null,
  context: {},
});
const serviceLinked = (name: string, role: string): Caller =>
  person(`aws-service-role/${name}.amazonaws.com/AWSServiceRoleFor${role}`);

const OUTSIDERS: Readonly<Record<string, Caller>> = {
  /** AdministratorAccess, nothing that bounds it. */
  admin: person('people/admin'),
  /** The same, and every tag by which AWS's published perimeters exempt. */
  tagged: {
    ...person('people/admin'),
    principal: {
      ...roleIn(ACCOUNT, 'people/admin'),
      tags: { 'dp:exclude:network': 'true', 'dp:exclude:identity': 'true', 'dp:exclude:resource': 'true' },
    },
  },
  /** AdministratorAccess below the boundary that the templates have for people. */
  operator: person('people/operator', 'controllers/AdminBoundary'),
  deployer: person('people/deployer'),
  'on-call': person('people/on-call'),
  root: {
    principal: { arn: `arn:aws:iam::${ACCOUNT}:root`, type: 'root', account: ACCOUNT },
    has: null,
    context: {},
  },
  stranger: { ...person('x'), principal: roleIn(OTHER_ACCOUNT, 'stranger') },
  anonymous: { principal: { arn: '*', type: 'anonymous' }, has: null, context: {} },
  'slr-config': serviceLinked('config', 'Config'),
  'slr-analyzer': serviceLinked('access-analyzer', 'AccessAnalyzer'),
  'slr-scaling': serviceLinked('autoscaling', 'AutoScaling'),
  'slr-replication': serviceLinked('replication.dynamodb', 'DynamoDBReplication'),
  ...Object.fromEntries(
    ['apigateway', 'cloudformation', 'cloudtrail', 'cloudwatch', 'codebuild', 'codepipeline', 'delivery.logs']
      .concat(['dynamodb', 'ec2', 'events', 'lambda', 'logs.eu-central-1', 's3', 'sns', 'vpc-flow-logs'])
      .map((name) => [`${name}!`, service(name)]),
  ),
};

/** Functions whose code asks: Lambda says which in every request (Lambda Developer Guide, "Using source function ARN"). */
const FUNCTIONS = ['api', 'smoke', 'canary-inside', 'canary-outside', 'canary-control'];
const MEASURED = { PCR0: 'a', PCR1: 'b', PCR2: 'c', PCR3: 'd', PCR8: 'e', PCR16: 'f' } as const;
/** Condition keys of the attestation document that an enclave of the example's measurements shows. */
export const ATTESTED: ContextValues = Object.fromEntries(
  Object.entries(MEASURED).map(([register, digit]) => [
    `kms:RecipientAttestation:${register}`,
    digit.repeat(96),
  ]),
);

/**
 * A caller by name: `api` is its function's code, `api-role` its role's credentials elsewhere; `enclave` the instance's role
 * with an attestation document; `events!` the service itself.
 */
export function callerOf(account: Account, name: string): Caller {
  const outsider = OUTSIDERS[name];
  if (outsider !== undefined) return outsider;
  const role = name === 'enclave' ? 'instance' : name.replace(/-role$/, '');
  const found = account.roles.get(role);
  if (found === undefined) throw new TypeError(`the matrix knows nobody called ${name}`);
  const source = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:vault-${role}`;
  const code = FUNCTIONS.includes(name) ? { 'lambda:SourceFunctionArn': source } : {};
  return {
    principal: { arn: found.arn, type: 'role', account: ACCOUNT },
    has: { role },
    context: name === 'enclave' ? ATTESTED : code,
  };
}

export interface Place {
  readonly context: ContextValues;
  /** Id of the endpoint policy in force. */
  readonly endpoint: string | null;
}

const VPC = 'vpc-11111111111111111';
const vpcArn = (region: string, id: string): string => `arn:aws:ec2:${region}:${ACCOUNT}:vpc/${id}`;
/** KMS and S3 tell the VPC's ARN as well (IAM User Guide, "aws:SourceVpcArn"). */
const ARN_TELLERS = ['kms', 's3'];

/** A place by name, for calls of a service. Which endpoint policy binds follows from it. */
export function placeOf(account: Account, name: string, of: string): Place {
  const network = (vpc: string, endpoint: string, region = REGION): ContextValues => ({
    'aws:SourceVpc': vpc,
    'aws:SourceVpce': endpoint,
    ...(ARN_TELLERS.includes(of) ? { 'aws:SourceVpcArn': vpcArn(region, vpc) } : {}),
  });
  const endpoint = account.endpoints.get(of === 'cloudwatch' ? 'monitoring' : of);
  const open = (context: ContextValues): Place => ({ context, endpoint: null });
  switch (name) {
    case 'ours': {
      if (endpoint === undefined) throw new TypeError(`${of} has no endpoint in our VPC`);
      return { context: network(VPC, endpoint.id), endpoint: endpoint.policy };
    }
    /** Another endpoint of the same service in our VPC, which somebody made and which lets everything pass. */
    case 'second-endpoint':
      return open(network(VPC, 'vpce-0bbbbbbbbbbbbbbbb'));
    case 'other-vpc':
      return open(network('vpc-0bbbbbbbbbbbbbbbb', 'vpce-0bbbbbbbbbbbbbbbb'));
    /** Another VPC that names our endpoint: of one that is shared, or of a mistake. */
    case 'other-vpc-our-endpoint':
      return open(network('vpc-0bbbbbbbbbbbbbbbb', endpoint?.id ?? 'none'));
    /** A VPC of another Region with the same id as ours: ids are unique within a Region. */
    case 'same-id':
      return open(network(VPC, endpoint?.id ?? 'vpce-0bbbbbbbbbbbbbbbb', 'us-east-1'));
    case 'internet':
      return open({ 'aws:SourceIp': '192.0.2.1' });
    /** An AWS service sends it with the caller's session. */
    case 'forwarded':
      return open({ 'aws:ViaAWSService': 'true', 'aws:CalledVia': ['cloudformation.amazonaws.com'] });
    case 'via-s3':
    case 'via-sns':
    case 'via-dynamodb':
      return open(through(name.slice('via-'.length)));
    /** Lambda itself as the function's role, for network interface and log. */
    case 'lambda-service':
      return open({});
    case 'for-us':
      return open({ 'aws:SourceAccount': ACCOUNT });
    case 'for-others':
      return open({ 'aws:SourceAccount': OTHER_ACCOUNT });
    /** A service that does not say for whom. */
    case 'silent':
      return open({});
    default:
      throw new TypeError(`the matrix knows no place called ${name}`);
  }
}

function through(service: string): ContextValues {
  return {
    'kms:ViaService': `${service}.${REGION}.amazonaws.com`,
    'aws:ViaAWSService': 'true',
    'aws:CalledVia': [`${service}.amazonaws.com`],
  };
}
