// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, test } from 'vitest';
import { AwsError, LIMITS, NotModelledError } from '../src/index.ts';
import {
  ACCOUNT,
  addRole,
  type Bench,
  bench,
  DEPLOYMENT,
  EVERYTHING,
  policy,
  REGION,
} from './support/account.ts';
import { Bed, bucket, group, reasons, template } from './support/stacks.ts';

let scene: Bench;
let bed: Bed;
beforeEach(() => {
  scene = bench();
  bed = new Bed(scene);
});

const has = (type: string, id: string): boolean =>
  scene.account.world.find(type, type.startsWith('AWS::IAM') ? 'global' : REGION, id) !== undefined;

describe('templates', () => {
  const refused = [
    ['no JSON', '{', /JSON not well-formed/],
    ['no resources', '{}', /At least one Resources member/],
    ['a name that is none', template({ 'a-b': bucket('one') }), /non alphanumeric/],
    [
      'a reference to nothing',
      template({ A: { ...bucket('one'), DependsOn: 'B' } }),
      /Unresolved resource dependencies \[B\]/,
    ],
    [
      'an output of nothing',
      template({ A: bucket('one') }, { X: { Value: { Ref: 'B' } } }),
      /dependencies \[B\] in the Outputs/,
    ],
    [
      'a circle',
      template({ A: { ...bucket('one'), DependsOn: 'B' }, B: { ...bucket('two'), DependsOn: 'A' } }),
      /Circular dependency between resources: \[A, B\]/,
    ],
    [
      'more resources than CloudFormation takes',
      template(
        Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`R${n}`, { Type: 'AWS::S3::Bucket' }])),
      ),
      /greater than maximum allowed, 500/,
    ],
    [
      'an unknown policy',
      template({ A: { ...bucket('one'), DeletionPolicy: 'Keep' } }),
      /Unrecognized DeletionPolicy/,
    ],
  ] as const;

  test.each(refused)('%s is refused', (_, templateBody, message) => {
    expect(() => bed.deploy({}, { templateBody })).toThrow(message);
  });

  test('what is not modelled is said, and not passed over', () => {
    expect(() => bed.deploy({ A: { Type: 'AWS::RDS::DBInstance' } })).toThrow(NotModelledError);
    expect(() => bed.deploy({}, { templateBody: JSON.stringify({ Parameters: {}, Resources: {} }) })).toThrow(
      NotModelledError,
    );
    expect(() =>
      bed.deploy({ A: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::ImportValue': 'x' } } } }),
    ).toThrow(NotModelledError);
  });

  test('intrinsic functions give what AWS gives', () => {
    const stack = bed.deploy(
      { Bucket: bucket('one'), Group: group('/g') },
      {
        outputs: {
          Ref: { Value: { Ref: 'Bucket' } },
          Att: { Value: { 'Fn::GetAtt': ['Bucket', 'Arn'] } },
          Dotted: { Value: { 'Fn::GetAtt': 'Group.Arn' } },
          Sub: {
            Value: {
              'Fn::Sub': [
                ['Bucket', 'Bucket.Arn', 'x', 'AWS::Region', '!Literal']
                  .map((name) => `\${${name}}`)
                  .join(' '),
                { x: 'y' },
              ],
            },
          },
          Join: { Value: { 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] } },
          Select: { Value: { 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b,c'] }] } },
          Base64: { Value: { 'Fn::Base64': 'x' } },
        },
      },
    );
    expect(stack.outputs).toEqual({
      Ref: 'one',
      Att: 'arn:aws:s3:::one',
      Dotted: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/g:*`,
      Sub: `one arn:aws:s3:::one y ${REGION} \${!Literal}`,
      Join: `a-${ACCOUNT}`,
      Select: 'b',
      Base64: 'eA==',
    });
  });

  test('a long one comes by the bucket, with the caller’s right to read it', () => {
    const body = template({ A: bucket('one'), ...padding(LIMITS.templateBody) });
    expect(() => bed.deploy({}, { templateBody: body })).toThrow(/length less than or equal to 51200/);
    bed.deploy({ Templates: bucket('templates') }, { stackName: 'templates' });
    scene.account.world.objects.put('templates', 'long.json', Buffer.from(body));
    const templateUrl = 'https://templates.s3.eu-central-1.amazonaws.com/long.json';
    const input = {
      stackName: 'long',
      name: 'change',
      kind: 'CREATE',
      templateUrl,
      roleArn: DEPLOYMENT,
    } as const;
    expect(bed.cloud.createChangeSet(scene.admin, input).status).toBe('CREATE_COMPLETE');
    scene.account.world.objects.put('templates', 'long.json', Buffer.alloc(LIMITS.templateUrl + 1, ' '));
    expect(() => bed.cloud.createChangeSet(scene.admin, { ...input, stackName: 'longer' })).toThrow(
      /may not exceed/,
    );
  });

  const padding = (bytes: number) => ({
    Z: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: 'z', Tags: [{ Key: 'x', Value: 'y'.repeat(bytes) }] },
    },
  });
});

describe('a change set', () => {
  const plan = (resources: object) =>
    bed.cloud.createChangeSet(scene.admin, {
      stackName: 'things',
      name: 'look',
      kind: 'UPDATE',
      templateBody: template(resources as Record<string, object>),
    });

  test('tells additions, changes, replacements and removals, those that follow included', () => {
    const policyOf = (name: string) => ({
      Type: 'AWS::Logs::MetricFilter',
      Properties: { LogGroupName: { Ref: name }, FilterPattern: 'x', MetricTransformations: [] },
    });
    bed.deploy({ G: group('/a'), F: policyOf('G'), Old: group('/old') });
    const { changes } = plan({ G: group('/b'), F: policyOf('G'), New: group('/new') });
    expect(changes.map(({ action, logicalId, replacement }) => [action, logicalId, replacement])).toEqual([
      ['Modify', 'G', 'True'],
      ['Modify', 'F', 'Conditional'],
      ['Add', 'New', undefined],
      ['Remove', 'Old', undefined],
    ]);
  });

  test('is no change where only attributes beside the properties differ', () => {
    bed.deploy({ G: group('/a') });
    expect(plan({ G: group('/a', { DeletionPolicy: 'Retain' }) }).status).toBe('FAILED');
  });

  test('is carried out once, and not while something is going on', () => {
    bed.deploy({ G: group('/a') });
    plan({ G: group('/a'), H: group('/b') });
    bed.cloud.executeChangeSet(scene.admin, 'things', 'look');
    expect(bed.cloud.get('things').status).toBe('UPDATE_IN_PROGRESS');
    expect(() => plan({ G: group('/c') })).toThrow(/is in UPDATE_IN_PROGRESS state and can not be updated/);
    expect(() => bed.cloud.deleteStack(scene.admin, 'things')).toThrow(/UPDATE_IN_PROGRESS/);
    bed.cloud.settle('things');
    expect(() => bed.cloud.executeChangeSet(scene.admin, 'things', 'look')).toThrow(/does not exist/);
  });

  test('with named identities needs to be acknowledged', () => {
    const role = {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { ManagedPolicyName: 'p', PolicyDocument: policy({ Action: 's3:GetObject' }) },
    };
    expect(() => bed.deploy({ Role: role }, { capabilities: ['CAPABILITY_IAM'] })).toThrow(
      /CAPABILITY_NAMED_IAM/,
    );
    expect(bed.deploy({ Role: role }).status).toBe('CREATE_COMPLETE');
  });
});

describe('who does it', () => {
  test('the role that was given, with its own rights and for good: whoever asks later', () => {
    scene = bench(policy({ Action: ['logs:*', 's3:CreateBucket'] }));
    bed = new Bed(scene);
    expect(bed.deploy({ G: group('/a') }).status).toBe('CREATE_COMPLETE');
    const changeSet = bed.cloud.createChangeSet(scene.admin, {
      stackName: 'things',
      name: 'later',
      kind: 'UPDATE',
      templateBody: template({ G: group('/a'), K: { Type: 'AWS::KMS::Key' } }),
    });
    bed.cloud.executeChangeSet(scene.admin, 'things', changeSet.name);
    const stack = bed.cloud.settle('things');
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(reasons(stack)).toMatch(
      /assumed-role\/deployment\/AWSCloudFormation is not authorized to perform: kms:CreateKey/,
    );
    expect(reasons(stack)).toMatch(/No Allow in the identity policies/);
  });

  test('without a role the caller, through CloudFormation', () => {
    const stack = bed.deploy({ G: group('/a') }, { roleArn: undefined } as object);
    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(scene.account.journal.every(({ caller }) => caller.endsWith(':role/admin'))).toBe(true);
  });

  test('a role needs to be passed, and to trust CloudFormation', () => {
    const arn = `arn:aws:iam::${ACCOUNT}:role/for-lambda`;
    addRole(scene.account, arn, EVERYTHING, 'lambda');
    expect(() => bed.deploy({ G: group('/a') }, { roleArn: arn })).toThrow(/is invalid or cannot be assumed/);
  });
});

describe('what fails', () => {
  const failing = (id: string): Bed =>
    new Bed(scene, {
      fault: (operation, _, logicalId) => {
        if (operation !== 'delete' && logicalId === id) throw new AwsError('InternalFailure', 'made to fail');
      },
    });

  test('a creation takes away what it made', () => {
    const stack = failing('Bad').deploy({ A: group('/a'), Bad: { ...group('/b'), DependsOn: 'A' } });
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(has('AWS::Logs::LogGroup', '/a')).toBe(false);
    expect(() => new Bed(scene).cloud.get('things')).toThrow();
  });

  test('and so the next attempt meets what Retain kept, unless the execution says otherwise', () => {
    const resources = {
      A: group('/a', { DeletionPolicy: 'Retain' }),
      Bad: { ...group('/b'), DependsOn: 'A' },
    };
    failing('Bad').deploy(resources);
    expect(has('AWS::Logs::LogGroup', '/a')).toBe(true);
    const second = new Bed(scene).deploy(resources);
    expect(reasons(second)).toMatch(/A: .*The specified log group already exists/);

    scene = bench();
    failing('Bad').deploy(resources, { retainExceptOnCreate: true });
    expect(has('AWS::Logs::LogGroup', '/a')).toBe(false);
    expect(new Bed(scene).deploy(resources).status).toBe('CREATE_COMPLETE');
  });

  test('what a creation cannot take away is left, and said', () => {
    const half = new Bed(scene, {
      fault: (operation, _, logicalId) => {
        if (operation === 'create' && logicalId === 'Bad')
          throw new AwsError('InternalFailure', 'made to fail');
        if (operation === 'delete' && logicalId === 'A') throw new AwsError('ConflictException', 'protected');
      },
    });
    const stack = half.deploy({ A: group('/a'), Bad: { ...group('/b'), DependsOn: 'A' } });
    expect(stack.status).toBe('ROLLBACK_FAILED');
    expect(stack.reason).toMatch(/failed to delete: \[A\]/);
  });

  test('an update goes back: what was changed is as before, what was added is gone', () => {
    const days = (RetentionInDays: number) => ({
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: '/a', RetentionInDays },
    });
    bed.deploy({ A: days(7) });
    let armed = true;
    bed.cloud.fault = (operation, _, logicalId) => {
      if (armed && operation === 'create' && logicalId === 'Bad')
        throw new AwsError('InternalFailure', 'made to fail');
    };
    const next = {
      A: days(30),
      Fine: { ...group('/fine'), DependsOn: 'A' },
      Bad: { ...group('/b'), DependsOn: 'Fine' },
    };
    const stack = bed.deploy(next);
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(scene.account.world.find('AWS::Logs::LogGroup', REGION, '/a')?.properties.RetentionInDays).toBe(7);
    expect(has('AWS::Logs::LogGroup', '/fine')).toBe(false);
    armed = false;
    expect(bed.deploy(next).status).toBe('UPDATE_COMPLETE');
  });

  test('an update that cannot go back waits to be continued', () => {
    const days = (RetentionInDays: number) => ({
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: '/a', RetentionInDays },
    });
    bed.deploy({ A: days(7) });
    let updates = 0;
    bed.cloud.fault = (operation, _, logicalId) => {
      if (operation === 'update' && ++updates === 2) throw new AwsError('InternalFailure', 'cannot go back');
      if (logicalId === 'Bad') throw new AwsError('InternalFailure', 'made to fail');
    };
    const stack = bed.deploy({ A: days(30), Bad: { ...group('/b'), DependsOn: 'A' } });
    expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(() => bed.deploy({ A: days(7), B: group('/c') })).toThrow(
      /UPDATE_ROLLBACK_FAILED state and can not be updated/,
    );
    bed.cloud.continueUpdateRollback(scene.admin, 'things');
    expect(bed.cloud.settle('things').status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(scene.account.world.find('AWS::Logs::LogGroup', REGION, '/a')?.properties.RetentionInDays).toBe(7);
  });
});

describe('replacing and removing', () => {
  test('the new one is there before the old one goes', () => {
    bed.deploy({ A: group('/a') });
    const stack = bed.deploy({ A: group('/b') });
    expect([has('AWS::Logs::LogGroup', '/a'), has('AWS::Logs::LogGroup', '/b')]).toEqual([false, true]);
    const order = stack.events
      .filter(({ type }) => type === 'AWS::Logs::LogGroup')
      .map(({ physicalId, status }) => `${physicalId} ${status}`);
    expect(order.indexOf('/b UPDATE_COMPLETE')).toBeLessThan(order.indexOf('/a DELETE_IN_PROGRESS'));
  });

  test('what keeps its name cannot be replaced', () => {
    const table = (key: string) => ({
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: {
        TableName: 'records',
        KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
        Replicas: [{ Region: REGION }],
      },
    });
    bed.deploy({ T: table('a') });
    const stack = bed.deploy({ T: table('b') });
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(reasons(stack)).toMatch(/Table already exists: records/);
  });

  test('policies keep what a template loses, replaces or deletes', () => {
    const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    bed.deploy({ A: group('/a', kept), B: group('/b', kept), C: group('/c') });
    bed.deploy({ A: group('/a2', kept), C: group('/c') });
    expect(['/a', '/a2', '/b'].map((id) => has('AWS::Logs::LogGroup', id))).toEqual([true, true, true]);
    expect(bed.destroy().status).toBe('DELETE_COMPLETE');
    expect(['/a', '/a2', '/b', '/c'].map((id) => has('AWS::Logs::LogGroup', id))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('an import takes in what nobody has, and only that', () => {
    const kept = { DeletionPolicy: 'RetainExceptOnCreate' };
    bed.deploy({ A: group('/a', kept) });
    bed.destroy();
    expect(reasons(bed.deploy({ A: group('/a', kept) }, { stackName: 'again' }))).toMatch(/already exists/);
    const adopted = bed.deploy({ A: group('/a', kept) }, { stackName: 'adopts', importExisting: true });
    expect(adopted.status).toBe('CREATE_COMPLETE');
    expect(adopted.events.map(({ status }) => status)).toContain('IMPORT_COMPLETE');
    const taken = bed.deploy({ A: group('/a', kept) }, { stackName: 'robs', importExisting: true });
    expect(reasons(taken)).toMatch(/already exists/);
  });

  test('termination protection and a stack policy are in force', () => {
    bed.deploy({ A: group('/a'), B: group('/b') });
    bed.cloud.updateTerminationProtection(scene.admin, 'things', true);
    expect(() => bed.destroy()).toThrow(/TerminationProtection is enabled/);
    bed.cloud.setStackPolicy(
      scene.admin,
      'things',
      JSON.stringify({
        Statement: [
          { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
          {
            Effect: 'Deny',
            Action: ['Update:Replace', 'Update:Delete'],
            Principal: '*',
            Resource: 'LogicalResourceId/A',
          },
        ],
      }),
    );
    expect(reasons(bed.deploy({ A: group('/a2'), B: group('/b') }))).toMatch(
      /Action denied by stack policy: Update:Replace on A/,
    );
    expect(bed.deploy({ A: group('/a'), B: group('/b2') }).status).toBe('UPDATE_COMPLETE');
  });

  test('a stack whose deletion failed can leave behind what stands in its way', () => {
    bed.deploy({ B: bucket('one'), G: group('/g') });
    scene.account.world.objects.put('one', 'k', Buffer.from('x'));
    const stack = bed.destroy();
    expect(stack.status).toBe('DELETE_FAILED');
    expect(has('AWS::Logs::LogGroup', '/g')).toBe(false);
    bed.cloud.deleteStack(scene.admin, 'things', { retain: ['B'] });
    while (stack.operation !== null) bed.cloud.step(stack);
    expect(stack.status).toBe('DELETE_COMPLETE');
    expect(has('AWS::S3::Bucket', 'one')).toBe(true);
  });
});

describe('a change made beside CloudFormation', () => {
  const KEPT = { Group: group('heads', { Properties: { LogGroupName: 'heads', RetentionInDays: 30 } }) };
  const propose = (revertDrift: boolean) =>
    bed.cloud.createChangeSet(scene.admin, {
      stackName: 'things',
      name: revertDrift ? 'aware' : 'standard',
      kind: 'UPDATE',
      templateBody: template(KEPT),
      roleArn: DEPLOYMENT,
      revertDrift,
    });
  const heads = () => {
    const found = scene.account.world.find('AWS::Logs::LogGroup', REGION, 'heads');
    if (found === undefined) throw new Error('no group');
    return found;
  };
  beforeEach(() => {
    bed.deploy(KEPT);
  });

  test('is seen by a drift-aware change set alone, put back by it, and then no more', () => {
    heads().properties = { ...heads().properties, RetentionInDays: 1 };
    expect(propose(false)).toMatchObject({ status: 'FAILED', changes: [] });
    const { status, changes } = propose(true);
    expect([status, changes]).toMatchObject([
      'CREATE_COMPLETE',
      [
        {
          action: 'Modify',
          logicalId: 'Group',
          properties: ['RetentionInDays'],
          replacement: 'False',
          drift: 'MODIFIED',
        },
      ],
    ]);
    bed.cloud.executeChangeSet(scene.admin, 'things', 'aware');
    expect(bed.cloud.settle('things').status).toBe('UPDATE_COMPLETE');
    expect(heads().properties.RetentionInDays).toBe(30);
    expect(propose(true).reason).toMatch(/didn't contain changes/);
  });

  test('of a property that the template does not name is none', () => {
    heads().properties = { ...heads().properties, KmsKeyId: 'arn:aws:kms:eu-central-1:111122223333:key/a' };
    expect(propose(true).reason).toMatch(/didn't contain changes/);
  });

  test('is left as it was when putting it back fails', () => {
    heads().properties = { ...heads().properties, RetentionInDays: 1 };
    propose(true);
    bed.cloud.fault = (operation) => {
      if (operation === 'update') throw new AwsError('Broken', 'not today');
    };
    bed.cloud.executeChangeSet(scene.admin, 'things', 'aware');
    expect(bed.cloud.settle('things').status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(heads().properties.RetentionInDays).toBe(1);
  });

  test('that deleted the resource is told as such, and making it anew is not modelled', () => {
    scene.account.world.remove(heads());
    expect(propose(true).changes).toMatchObject([{ action: 'Add', logicalId: 'Group', drift: 'DELETED' }]);
    bed.cloud.executeChangeSet(scene.admin, 'things', 'aware');
    expect(() => bed.cloud.settle('things')).toThrow(NotModelledError);
  });

  test('cannot be looked for by who may not read', () => {
    const READER = 'arn:aws:iam::111122223333:role/no-reader';
    addRole(scene.account, READER, policy({ Effect: 'Deny', Action: 'logs:*', Resource: '*' }));
    bed.cloud.get('things').roleArn = READER;
    const sent = { stackName: 'things', name: 'aware', kind: 'UPDATE', revertDrift: true } as const;
    const { status, reason } = bed.cloud.createChangeSet(scene.admin, {
      ...sent,
      templateBody: template(KEPT),
    });
    expect(status).toBe('FAILED');
    expect(reason).toMatch(/logs:\w+/);
  });
});
