// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { at, canonical, type JsonObject, listAt, textAt, textsAt } from '../json.ts';
import type { World } from '../world.ts';
import type { Handler, Row, Subject } from './handler.ts';
import {
  changed,
  has,
  nameOf,
  passRole,
  regional,
  retagging,
  row,
  rows,
  tagging,
  withTags,
} from './handler.ts';
import { checkFunction } from './lambda-checks.ts';

/*
 * Schemas AWS::Lambda::Function, Version, Alias, Permission, EventInvokeConfig, CodeSigningConfig; Service Authorization Reference, "AWS
 * Lambda" (condition keys lambda:CodeSigningConfigArn, lambda:VpcIds, lambda:SubnetIds, lambda:SecurityGroupIds,
 * lambda:Principal); Developer Guide, "Using code signing" and "Giving Lambda functions access to resources in a VPC".
 */

/** How long Lambda takes to give back interfaces of a deleted function: up to 20 minutes as the Developer Guide says. */
const LINGER_MS = 20 * 60_000;

const conditions = (subject: Subject) => {
  const { properties, world, region } = subject;
  const subnets = textsAt(properties, 'VpcConfig.SubnetIds');
  const vpcs = subnets
    .map((id) => textAt(world.find('AWS::EC2::Subnet', region, id)?.properties, 'VpcId'))
    .filter((id) => id !== undefined);
  return {
    ...one('lambda:CodeSigningConfigArn', textAt(properties, 'CodeSigningConfigArn')),
    ...(vpcs.length > 0 ? { 'lambda:VpcIds': [...new Set(vpcs)] } : {}),
    ...(subnets.length > 0 ? { 'lambda:SubnetIds': subnets } : {}),
    ...(subnets.length > 0
      ? { 'lambda:SecurityGroupIds': textsAt(properties, 'VpcConfig.SecurityGroupIds') }
      : {}),
  };
};

const one = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: value });

/** The code is fetched with the caller's rights, by a forward access session of Lambda. */
const fetching = (when?: Row['when']): readonly Row[] => [
  row('s3:GetObject', codeObject, {
    via: 'lambda',
    when: (s) =>
      textAt(s.properties, 'Code.S3ObjectVersion') === undefined &&
      has('Code.S3Key')(s) &&
      (when?.(s) ?? true),
  }),
  row('s3:GetObjectVersion', codeObject, {
    via: 'lambda',
    when: (s) => has('Code.S3ObjectVersion')(s) && (when?.(s) ?? true),
  }),
  row('kms:Decrypt', bucketKey, {
    via: 's3',
    when: (s) => bucketKey(s).length > 0 && (when?.(s) ?? true),
    context: (s) => ({
      'kms:EncryptionContextKeys': ['aws:s3:arn'],
      'kms:EncryptionContext:aws:s3:arn': bucketArn(s),
    }),
  }),
];

function bucketArn({ world, properties }: Subject): string {
  return `arn:${world.partition}:s3:::${textAt(properties, 'Code.S3Bucket')}`;
}

function codeObject(subject: Subject): string {
  return `${bucketArn(subject)}/${textAt(subject.properties, 'Code.S3Key')}`;
}

/** Key that the bucket encrypts with by default, where it is one of ours. */
function bucketKey(subject: Subject): readonly string[] {
  const bucket = subject.world.byArn(bucketArn(subject));
  const rules = listAt(bucket?.properties, 'BucketEncryption.ServerSideEncryptionConfiguration');
  return rules
    .map((rule) => textAt(rule, 'ServerSideEncryptionByDefault.KMSMasterKeyID'))
    .filter((key) => key?.startsWith('arn:') === true)
    .map(String);
}

const inVpc = (subject: Subject): boolean => textsAt(subject.properties, 'VpcConfig.SubnetIds').length > 0;
const network = (when?: Row['when']): readonly Row[] =>
  rows('*', ['ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'], {
    when: (subject) => inVpc(subject) && (when?.(subject) ?? true),
  });

/** Environment under a key of ours (Developer Guide, "Securing Lambda environment variables"). */
const environmentKey = ['kms:CreateGrant', 'kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey'].map(
  (action) =>
    row(action, ({ properties }) => textAt(properties, 'KmsKeyArn') ?? [], {
      via: 'lambda',
      when: has('KmsKeyArn'),
      context: () => (action === 'kms:CreateGrant' ? { 'kms:GrantIsForAWSResource': 'true' } : {}),
    }),
);

const CONFIGURATION = [
  'Architectures',
  'Description',
  'Environment',
  'EphemeralStorage',
  'Handler',
  'KmsKeyArn',
  'LoggingConfig',
  'MemorySize',
  'Role',
  'Runtime',
  'Timeout',
  'TracingConfig',
  'VpcConfig',
];

const FUNCTION: Handler = {
  type: 'AWS::Lambda::Function',
  named: 'FunctionName',
  taken: { code: 'ResourceConflictException', message: (name) => `Function already exist: ${name}` },
  createOnly: ['FunctionName', 'PackageType'],
  create: [
    row('lambda:CreateFunction', 'self', { context: (s) => ({ ...conditions(s), ...withTags(s) }) }),
    passRole('Role', 'lambda'),
    ...fetching(),
    ...network(),
    ...environmentKey,
    row('lambda:GetCodeSigningConfig', (s) => textAt(s.properties, 'CodeSigningConfigArn') ?? [], {
      when: has('CodeSigningConfigArn'),
    }),
    tagging('lambda:TagResource'),
    row('lambda:PutFunctionConcurrency', 'self', { when: has('ReservedConcurrentExecutions') }),
    row('lambda:PutRuntimeManagementConfig', 'self', { when: has('RuntimeManagementConfig') }),
    row('lambda:PutFunctionRecursionConfig', 'self', { when: has('RecursiveLoop') }),
  ],
  read: rows('self', [
    'lambda:GetFunction',
    'lambda:GetFunctionCodeSigningConfig',
    'lambda:GetFunctionRecursionConfig',
    'lambda:GetRuntimeManagementConfig',
  ]),
  update: [
    row('lambda:GetFunction'),
    row('lambda:UpdateFunctionCode', 'self', { when: changed('Code', 'Architectures'), context: conditions }),
    ...fetching(changed('Code')),
    row('lambda:UpdateFunctionConfiguration', 'self', {
      when: changed(...CONFIGURATION),
      context: conditions,
    }),
    passRole('Role', 'lambda'),
    ...network(changed('VpcConfig')),
    row('lambda:PutFunctionCodeSigningConfig', 'self', {
      when: (s) => changed('CodeSigningConfigArn')(s) && has('CodeSigningConfigArn')(s),
      context: conditions,
    }),
    row('lambda:DeleteFunctionCodeSigningConfig', 'self', {
      when: (s) => changed('CodeSigningConfigArn')(s) && !has('CodeSigningConfigArn')(s),
    }),
    row('lambda:PutFunctionConcurrency', 'self', {
      when: (s) => changed('ReservedConcurrentExecutions')(s) && has('ReservedConcurrentExecutions')(s),
    }),
    row('lambda:DeleteFunctionConcurrency', 'self', {
      when: (s) => changed('ReservedConcurrentExecutions')(s) && !has('ReservedConcurrentExecutions')(s),
    }),
    row('lambda:PutRuntimeManagementConfig', 'self', { when: changed('RuntimeManagementConfig') }),
    row('lambda:PutFunctionRecursionConfig', 'self', { when: changed('RecursiveLoop') }),
    ...retagging('lambda:TagResource', 'lambda:UntagResource'),
  ],
  remove: [
    ...rows('self', ['lambda:GetFunction', 'lambda:DeleteFunction']),
    row('ec2:DescribeNetworkInterfaces', '*', { when: inVpc, optional: true }),
  ],
  identify: (draft) => {
    const id = nameOf(draft, 'FunctionName');
    const arn = regional('lambda', () => `function:${id}`)(draft, id);
    return { id, arn, attributes: { Arn: arn } };
  },
  check: checkFunction,
  gone: giveBackInterfaces,
};

/**
 * Resource reference, AWS::Lambda::Function VpcConfig: CloudFormation "waits for Lambda to delete" the interfaces, for
 * which it "needs the ec2:DescribeNetworkInterfaces permission"; without it, it "does not wait".
 */
function giveBackInterfaces(subject: Subject): undefined {
  const { account, caller, region, world, properties } = subject;
  if (!inVpc(subject)) return;
  const watching = { action: 'ec2:DescribeNetworkInterfaces', resource: '*', region };
  if (account.decide(caller, watching).allowed) {
    world.clock.advance(LINGER_MS);
    return;
  }
  const subnets = textsAt(properties, 'VpcConfig.SubnetIds');
  const groups = textsAt(properties, 'VpcConfig.SecurityGroupIds');
  world.lingering = [...world.lingering, { subnets, groups, until: world.clock.now + LINGER_MS }];
}

/** ARN of the function that a property names by name, partial or whole ARN, qualifier included. */
const itsFunction = ({ world, region, properties }: Subject): string =>
  functionArn(world, region, properties);

function functionArn(world: World, region: string, properties: JsonObject): string {
  const name = textAt(properties, 'FunctionName') ?? '';
  return name.startsWith('arn:')
    ? name
    : `arn:${world.partition}:lambda:${region}:${world.account}:function:${name}`;
}

/** Function, version or alias. @returns properties of the function */
function demandFunction(subject: Subject): JsonObject {
  const { world } = subject;
  const arn = itsFunction(subject);
  const base = world.byArn(arn.split(':').slice(0, 7).join(':'));
  if (base === undefined || world.byArn(arn) === undefined) {
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 });
  }
  return base.properties;
}

/** What a published version is made of: with nothing changed, PublishVersion makes no new one. */
function publishable(properties: JsonObject): string {
  return canonical({
    code: at(properties, 'Code'),
    ...Object.fromEntries(CONFIGURATION.map((name) => [name, properties[name]])),
  });
}

const VERSION: Handler = {
  type: 'AWS::Lambda::Version',
  createOnly: ['*'],
  create: [
    row('lambda:PublishVersion', itsFunction),
    row('lambda:GetFunctionConfiguration', itsFunction),
    row('lambda:PutProvisionedConcurrencyConfig', itsFunction, { when: has('ProvisionedConcurrencyConfig') }),
  ],
  read: rows(itsFunction, [
    'lambda:GetFunctionConfiguration',
    'lambda:GetProvisionedConcurrencyConfig',
    'lambda:GetRuntimeManagementConfig',
  ]),
  update: [],
  remove: [row('lambda:GetFunctionConfiguration', itsFunction), row('lambda:DeleteFunction', 'self')],
  identify: ({ world, region, properties }) => {
    const base = functionArn(world, region, properties);
    const earlier = world.all('AWS::Lambda::Version', region).filter(({ arn }) => arn.startsWith(`${base}:`));
    const highest = Math.max(0, ...earlier.map(({ attributes }) => Number(attributes.Version)));
    const number = String(highest + 1);
    const made = publishable(world.owner(base)?.properties ?? {});
    return {
      id: `${base}:${number}`,
      arn: `${base}:${number}`,
      attributes: { Version: number, FunctionArn: `${base}:${number}`, Published: made },
    };
  },
  check: (subject) => {
    const made = publishable(demandFunction(subject));
    const same = subject.world
      .all('AWS::Lambda::Version', subject.region)
      .find(
        (thing) =>
          thing.arn !== subject.arn &&
          thing.arn.startsWith(`${itsFunction(subject)}:`) &&
          thing.attributes.Published === made,
      );
    if (same === undefined) return;
    throw new AwsError(
      'AlreadyExists',
      `A version for this Lambda function exists ( ${same.attributes.Version} ). Modify the function to create a new version.`,
    );
  },
};

const ALIAS: Handler = {
  type: 'AWS::Lambda::Alias',
  createOnly: ['Name', 'FunctionName'],
  create: [
    row('lambda:CreateAlias', itsFunction),
    row('lambda:PutProvisionedConcurrencyConfig', 'self', { when: has('ProvisionedConcurrencyConfig') }),
  ],
  read: [row('lambda:GetAlias', itsFunction), row('lambda:GetProvisionedConcurrencyConfig', itsFunction)],
  update: [
    row('lambda:GetAlias', itsFunction),
    row('lambda:UpdateAlias', itsFunction),
    row('lambda:PutProvisionedConcurrencyConfig', 'self', { when: changed('ProvisionedConcurrencyConfig') }),
  ],
  remove: [row('lambda:GetAlias', itsFunction), row('lambda:DeleteAlias', itsFunction)],
  identify: ({ world, region, properties }) => {
    const arn = `${functionArn(world, region, properties)}:${textAt(properties, 'Name')}`;
    return { id: arn, arn, attributes: { AliasArn: arn } };
  },
  check: (subject) => {
    demandFunction(subject);
    const version = textAt(subject.properties, 'FunctionVersion') ?? '';
    const there =
      version === '$LATEST' || subject.world.byArn(`${itsFunction(subject)}:${version}`) !== undefined;
    if (!there)
      throw new AwsError(
        'ResourceNotFoundException',
        `Function not found: ${itsFunction(subject)}:${version}`,
        { status: 404 },
      );
  },
};

const PERMISSION: Handler = {
  type: 'AWS::Lambda::Permission',
  createOnly: ['*'],
  create: [
    row('lambda:AddPermission', itsFunction, {
      context: ({ properties }) => one('lambda:Principal', textAt(properties, 'Principal')),
    }),
  ],
  read: [row('lambda:GetPolicy', itsFunction)],
  update: [],
  remove: [row('lambda:RemovePermission', itsFunction)],
  identify: (draft) => {
    const id = `${draft.stackName}-${draft.logicalId}-${draft.world.fresh(12, 'base36upper')}`;
    return {
      id,
      arn: `${functionArn(draft.world, draft.region, draft.properties)}#${id}`,
      attributes: { Id: id },
    };
  },
  check: demandFunction,
};

/** Asynchronous invocations. The operations are on the function, whatever its qualifier. */
const EVENT_INVOKE_CONFIG: Handler = {
  type: 'AWS::Lambda::EventInvokeConfig',
  createOnly: ['FunctionName', 'Qualifier'],
  create: [row('lambda:PutFunctionEventInvokeConfig', itsFunction)],
  read: [row('lambda:GetFunctionEventInvokeConfig', itsFunction)],
  update: [row('lambda:PutFunctionEventInvokeConfig', itsFunction)],
  remove: [row('lambda:DeleteFunctionEventInvokeConfig', itsFunction)],
  identify: ({ world, region, properties }) => {
    const arn = functionArn(world, region, properties);
    const id = `${arn.slice(arn.lastIndexOf(':') + 1)}|${textAt(properties, 'Qualifier')}`;
    return { id, arn: `${arn}#invoke-${textAt(properties, 'Qualifier')}` };
  },
  check: demandFunction,
};

const CODE_SIGNING: Handler = {
  type: 'AWS::Lambda::CodeSigningConfig',
  createOnly: [],
  create: [row('lambda:CreateCodeSigningConfig', '*', { context: withTags }), tagging('lambda:TagResource')],
  read: [row('lambda:GetCodeSigningConfig'), row('lambda:ListTags', 'self', { when: has('Tags') })],
  update: [
    row('lambda:UpdateCodeSigningConfig', 'self', {
      when: changed('AllowedPublishers', 'CodeSigningPolicies', 'Description'),
    }),
    ...retagging('lambda:TagResource', 'lambda:UntagResource'),
  ],
  remove: [row('lambda:DeleteCodeSigningConfig')],
  identify: (draft) => {
    const id = `csc-${draft.world.fresh(17, 'base36')}`;
    const arn = regional('lambda', () => `code-signing-config:${id}`)(draft, id);
    return { id: arn, arn, attributes: { CodeSigningConfigArn: arn, CodeSigningConfigId: id } };
  },
  check: ({ world, properties }) => {
    for (const arn of textsAt(properties, 'AllowedPublishers.SigningProfileVersionArns')) {
      const known = world
        .all('AWS::Signer::SigningProfile')
        .some(({ attributes }) => attributes.ProfileVersionArn === arn);
      if (!known) throw new AwsError('InvalidParameterValueException', `No signing profile version ${arn}`);
    }
  },
  removable: ({ world, arn }) => {
    const user = world
      .all('AWS::Lambda::Function')
      .find(({ properties }) => properties.CodeSigningConfigArn === arn);
    if (user !== undefined) {
      throw new AwsError(
        'ResourceConflictException',
        `The code signing configuration is attached to ${user.id}`,
        { status: 409 },
      );
    }
  },
};

export const LAMBDA_HANDLERS: readonly Handler[] = [
  FUNCTION,
  VERSION,
  ALIAS,
  PERMISSION,
  EVENT_INVOKE_CONFIG,
  CODE_SIGNING,
];
