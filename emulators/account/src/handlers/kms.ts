// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument } from '@enclave-vault/emulator-iam';
import { type Account, keyConditions } from '../account.ts';
import { storePolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import type { Caller } from '../identities.ts';
import { flagAt, type Json, textAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Thing, World } from '../world.ts';
import type { Handler, Subject } from './handler.ts';
import { changed, has, is, retagging, row, rows, tagging, withTags } from './handler.ts';

/*
 * Schemas AWS::KMS::Key, ReplicaKey, Alias; KMS Developer Guide, "Key policies" (lockout check, principals) and "API
 * permissions reference" (an alias is authorized on alias and key).
 */

const CODE = 'MalformedPolicyDocumentException';

/** CreateKey's conditions; on the key itself they come from the key. */
const newKey = (subject: Subject) => ({
  ...keyConditions(subject.properties),
  'kms:BypassPolicyLockoutSafetyCheck': String(flagAt(subject.properties, 'BypassPolicyLockoutSafetyCheck')),
  ...withTags(subject),
});

const reading = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:ListResourceTags'];

const policyRow = row('kms:PutKeyPolicy', 'self', {
  when: changed('KeyPolicy'),
  context: ({ properties }) => ({
    'kms:BypassPolicyLockoutSafetyCheck': String(flagAt(properties, 'BypassPolicyLockoutSafetyCheck')),
  }),
});

const changes = [
  row('kms:DescribeKey'),
  policyRow,
  row('kms:UpdateKeyDescription', 'self', { when: changed('Description') }),
  row('kms:EnableKey', 'self', { when: (s) => changed('Enabled')(s) && !is('Enabled', false)(s) }),
  row('kms:DisableKey', 'self', { when: (s) => changed('Enabled')(s) && is('Enabled', false)(s) }),
  ...retagging('kms:TagResource', 'kms:UntagResource'),
];

const removal = rows('self', ['kms:DescribeKey', 'kms:ScheduleKeyDeletion']);

const KEY: Handler = {
  type: 'AWS::KMS::Key',
  createOnly: [],
  create: [
    row('kms:CreateKey', '*', { context: newKey }),
    tagging('kms:TagResource'),
    ...rows('self', ['kms:EnableKeyRotation'], { when: (s) => flagAt(s.properties, 'EnableKeyRotation') }),
    row('kms:DisableKey', 'self', { when: is('Enabled', false) }),
  ],
  read: rows('self', reading),
  update: [
    ...changes,
    row('kms:EnableKeyRotation', 'self', {
      when: (s) =>
        changed('EnableKeyRotation', 'RotationPeriodInDays')(s) && flagAt(s.properties, 'EnableKeyRotation'),
    }),
    row('kms:DisableKeyRotation', 'self', {
      when: (s) => changed('EnableKeyRotation')(s) && !flagAt(s.properties, 'EnableKeyRotation'),
    }),
    // What policy is left where the property is gone is not documented; an update without one puts AWS's own.
  ],
  remove: removal,
  identify: ({ world, region, properties }) => {
    const id = flagAt(properties, 'MultiRegion') ? `mrk-${world.fresh(32)}` : uuid(world);
    return keyIdentity(world, region, id);
  },
  check: (subject) => {
    checkUnchanged(subject, ['KeySpec', 'KeyUsage', 'Origin', 'MultiRegion']);
    checkKeyPolicy(subject);
  },
  apply: putPolicy,
  removable: checkUsable,
  gone: scheduleDeletion,
};

const primary = ({ properties }: Subject): string => textAt(properties, 'PrimaryKeyArn') ?? '';

const REPLICA: Handler = {
  type: 'AWS::KMS::ReplicaKey',
  createOnly: ['PrimaryKeyArn'],
  create: [
    // "The principal must have kms:ReplicateKey on the primary key and kms:CreateKey in the Region of the replica."
    row('kms:ReplicateKey', primary, {
      context: ({ region, world, properties }) => ({
        'kms:ReplicaRegion': region,
        'kms:PrimaryRegion': world.byArn(textAt(properties, 'PrimaryKeyArn') ?? '')?.region ?? '',
        'kms:BypassPolicyLockoutSafetyCheck': 'false',
        'aws:RequestedRegion': world.byArn(textAt(properties, 'PrimaryKeyArn') ?? '')?.region ?? '',
      }),
    }),
    row('kms:CreateKey', '*', { context: newKey }),
    row('kms:DescribeKey'),
    tagging('kms:TagResource'),
    row('kms:DisableKey', 'self', { when: is('Enabled', false) }),
  ],
  read: rows('self', ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListResourceTags']),
  update: changes,
  remove: removal,
  identify: ({ world, region, properties }) => {
    const id = (textAt(properties, 'PrimaryKeyArn') ?? '').split('/')[1] ?? '';
    return keyIdentity(world, region, id);
  },
  check: (subject) => {
    const source = subject.world.byArn(primary(subject));
    if (source === undefined || !flagAt(source.properties, 'MultiRegion')) {
      throw new AwsError('NotFoundException', `${primary(subject)} is no multi-Region primary key`);
    }
    checkKeyPolicy(subject);
  },
  apply: putPolicy,
  removable: checkUsable,
  gone: scheduleDeletion,
};

const alias = ['kms:CreateAlias', 'kms:UpdateAlias', 'kms:DeleteAlias'] as const;
const target = ({ world, region, properties, previous }: Subject): readonly string[] =>
  [textAt(properties, 'TargetKeyId'), textAt(previous ?? undefined, 'TargetKeyId')]
    .filter((id) => id !== undefined)
    .map((id) => (id.startsWith('arn:') ? id : keyArn(world, region, id)))
    .filter((arn, index, all) => all.indexOf(arn) === index);

const ALIAS: Handler = {
  type: 'AWS::KMS::Alias',
  named: 'AliasName',
  taken: {
    code: 'AlreadyExistsException',
    message: (name) => `An alias with the name ${name} already exists`,
  },
  createOnly: ['AliasName'],
  create: [row(alias[0]), row(alias[0], target)],
  read: [row('kms:ListAliases', '*')],
  update: [row(alias[1]), row(alias[1], target)],
  remove: [row(alias[2]), row(alias[2], target)],
  identify: ({ world, region, properties }) => {
    const id = textAt(properties, 'AliasName') ?? '';
    return { id, arn: `arn:${world.partition}:kms:${region}:${world.account}:${id}` };
  },
  check: ({ world, region, properties }) => {
    const name = textAt(properties, 'AliasName') ?? '';
    if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name) || name.startsWith('alias/aws/')) {
      throw new AwsError('InvalidAliasNameException', `${name} is no name of an alias`);
    }
    const id = textAt(properties, 'TargetKeyId') ?? '';
    if (findKey(world, region, id) === undefined)
      throw new AwsError('NotFoundException', `Key '${id}' does not exist`);
  },
};

export const KMS_HANDLERS: readonly Handler[] = [KEY, REPLICA, ALIAS];

/** A key by id or ARN, in its Region. */
export function findKey(world: World, region: string, name: string): Thing | undefined {
  const id = name.startsWith('arn:') ? (name.split('/')[1] ?? '') : name;
  const place = name.startsWith('arn:') ? (name.split(':')[3] ?? region) : region;
  const target = name.startsWith('alias/')
    ? textAt(world.find('AWS::KMS::Alias', place, name)?.properties, 'TargetKeyId')
    : undefined;
  if (target !== undefined) return findKey(world, place, target);
  return world.find('AWS::KMS::Key', place, id) ?? world.find('AWS::KMS::ReplicaKey', place, id);
}

/**
 * Reads a key policy as CreateKey and PutKeyPolicy do, the caller's right to put the next one included.
 * @throws {AwsError} MalformedPolicyDocumentException, LimitExceededException
 */
function checkKeyPolicy(subject: Subject): void {
  const { account, caller, arn, region, world, properties, previous } = subject;
  if (previous !== null && !changed('KeyPolicy')(subject)) return;
  const policy = keyPolicy(subject);
  if (sizeOf(policy) > LIMITS.keyPolicy) {
    throw new AwsError('LimitExceededException', 'The key policy is longer than 32768 bytes.');
  }
  if (flagAt(properties, 'BypassPolicyLockoutSafetyCheck')) return;
  const context = { ...keyConditions(properties), 'kms:BypassPolicyLockoutSafetyCheck': 'false' };
  const decision = account.decide(caller, {
    action: 'kms:PutKeyPolicy',
    resource: arn,
    region,
    context,
    policy,
  });
  if (decision.allowed) return;
  throw new AwsError(CODE, 'The new key policy will not allow you to update the key policy in the future.', {
    explanation: `${world.byArn(arn) === undefined ? 'CreateKey' : 'PutKeyPolicy'}: lockout safety check of ${caller.principal.arn}`,
  });
}

/** PutKeyPolicy, by hand. @throws {AwsError} MalformedPolicyDocumentException, LimitExceededException */
export function putKeyPolicy(account: Account, caller: Caller, key: Thing, policy: Json): void {
  const { id, arn, region, properties: previous } = key;
  const properties = { ...previous, KeyPolicy: policy };
  const { world } = account;
  const subject: Subject = {
    account,
    world,
    caller,
    region,
    stackRegion: region,
    id,
    arn,
    properties,
    previous,
  };
  checkKeyPolicy(subject);
  key.properties = properties;
  putPolicy(subject);
}

function keyPolicy({ world, properties }: Subject): PolicyDocument {
  const root = `arn:${world.partition}:iam::${world.account}:root`;
  const given = has('KeyPolicy')({ properties }) ? properties.KeyPolicy : defaultPolicy(root);
  return storePolicy(world, given, 'kms-key', {
    code: CODE,
    principal: () => 'Policy contains a statement with one or more invalid principals.',
  });
}

function defaultPolicy(root: string) {
  const statement = { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' };
  return { Version: '2012-10-17', Id: 'key-default-1', Statement: [statement] };
}

function putPolicy(subject: Subject): undefined {
  const thing = subject.world.byArn(subject.arn);
  if (thing !== undefined) thing.policy = keyPolicy(subject);
}

/**
 * Resource reference, AWS::KMS::Key: "If you change the value of the KeySpec, KeyUsage, Origin, or MultiRegion properties
 * of an existing KMS key, the update request fails, regardless of the value of the UpdateReplacePolicy attribute."
 */
function checkUnchanged(subject: Subject, properties: readonly string[]): void {
  if (subject.previous === null) return;
  const [first] = properties.filter((property) => changed(property)(subject));
  if (first !== undefined) throw new AwsError('NotUpdatable', `${first} of a KMS key cannot be changed`);
  checkUsable(subject);
}

function checkUsable({ world, arn }: Subject): void {
  if (world.byArn(arn)?.deletionAt !== undefined) {
    throw new AwsError('KMSInvalidStateException', `${arn} is pending deletion.`);
  }
}

function scheduleDeletion({ world, arn, properties }: Subject): 'stays' {
  const days = Number(textAt(properties, 'PendingWindowInDays') ?? '30');
  const thing = world.byArn(arn);
  if (thing !== undefined) thing.deletionAt = world.clock.now + days * 86_400_000;
  return 'stays';
}

function keyIdentity(world: World, region: string, id: string) {
  const arn = keyArn(world, region, id);
  return { id, arn, attributes: { KeyId: id, Arn: arn } };
}

function keyArn(world: World, region: string, id: string): string {
  return `arn:${world.partition}:kms:${region}:${world.account}:key/${id}`;
}

function uuid(world: World): string {
  const hex = world.fresh(32);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
