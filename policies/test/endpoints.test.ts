// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, test } from 'vitest';
import {
  type ContextValues,
  type Decision,
  evaluateRequest,
  type Principal,
  validatePolicy,
} from '../../emulators/iam/src/index.ts';
import {
  cloudFormationEndpointPolicy,
  dynamoDbEndpointPolicy,
  executeApiEndpointPolicy,
  kmsEndpointPolicy,
  logsEndpointPolicy,
  monitoringEndpointPolicy,
  type PolicyDocument,
  PolicyInputError,
  requestedEndpointPolicy,
  s3EndpointPolicy,
  sessionEndpointPolicy,
} from '../src/index.ts';
import { mutants } from './mutants.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, DEPLOYMENT, OTHER } from './support.ts';

const BUCKET = `vault-artifacts-${ACCOUNT}-eu-central-1`;
const SMOKE = `arn:aws:iam::${ACCOUNT}:role/vault/vault-smoke`;
const GROUPS = { auditHeads: '/vault/audit-heads', parent: '/vault/parent' };
const inRegion = (service: string, resource: string, account = ACCOUNT): string =>
  `arn:aws:${service}:eu-central-1:${account}:${resource}`;

const POLICIES = {
  s3: s3EndpointPolicy(DEPLOYMENT, BUCKET),
  dynamodb: dynamoDbEndpointPolicy(DEPLOYMENT, 'vault-records'),
  kms: kmsEndpointPolicy(DEPLOYMENT, { workloads: [DEPLOYMENT.roles.api, DEPLOYMENT.roles.instance] }),
  logs: logsEndpointPolicy(DEPLOYMENT, GROUPS),
  monitoring: monitoringEndpointPolicy(DEPLOYMENT, 'vault'),
  cloudformation: cloudFormationEndpointPolicy(DEPLOYMENT, 'vault-decryption'),
  executeApi: executeApiEndpointPolicy(DEPLOYMENT, [SMOKE]),
  ssm: sessionEndpointPolicy(DEPLOYMENT, 'ssm'),
  ssmmessages: sessionEndpointPolicy(DEPLOYMENT, 'ssmmessages'),
  sts: requestedEndpointPolicy(DEPLOYMENT, 'sts'),
  xray: requestedEndpointPolicy(DEPLOYMENT, 'xray'),
} satisfies Readonly<Record<string, PolicyDocument>>;
type Endpoint = keyof typeof POLICIES;

const PRINCIPALS = {
  ...CALLERS,
  smoke: { arn: SMOKE, type: 'role', account: ACCOUNT },
  anonymous: { arn: '*', type: 'anonymous' },
  /** A foreign account that has a role of the same name. */
  twin: { arn: DEPLOYMENT.roles.instance.replace(ACCOUNT, OTHER), type: 'role', account: OTHER },
  /** A session of our API's role. */
  session: {
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/api/1`,
    type: 'assumed-role',
    account: ACCOUNT,
    roleArn: DEPLOYMENT.roles.api,
  },
} as const satisfies Readonly<Record<string, Principal>>;
type Who = keyof typeof PRINCIPALS;

/** Everything else allows everything, to everybody: only the endpoint decides. */
function ask(
  endpoint: Endpoint | PolicyDocument,
  who: Who,
  action: string,
  resource: string,
  { owner = ACCOUNT, ...context }: ContextValues & { owner?: string } = {},
): Decision {
  const everyone = { Sid: 'Everyone', Effect: 'Allow', Principal: '*' } as const;
  // A role's trust policy is about its own role and names none.
  const statement = action.startsWith('sts:Assume')
    ? { ...everyone, Action: 'sts:*' }
    : { ...everyone, Action: '*', Resource: '*' };
  return evaluateRequest(
    { principal: PRINCIPALS[who], action, resource, resourceAccount: owner, context },
    {
      identity: [ALLOW_ALL],
      resource: { Version: '2012-10-17', Statement: [statement] },
      endpoint: typeof endpoint === 'string' ? POLICIES[endpoint] : endpoint,
      resourceMode: 'additive',
    },
  );
}

/** One thing that passes at each endpoint, with who takes it; `elsewhere` is the same on somebody else's. */
const PASSES: readonly {
  readonly endpoint: Endpoint;
  readonly who: Who;
  readonly action: string;
  readonly resource: string;
  readonly elsewhere?: string;
  readonly context?: ContextValues;
}[] = [
  {
    endpoint: 's3',
    who: 'instance',
    action: 's3:GetObjectVersion',
    resource: `arn:aws:s3:::${BUCKET}/signed/parent.tar.gz`,
    elsewhere: 'arn:aws:s3:::stolen-data/x',
  },
  ...(['GetItem', 'PutItem', 'Query', 'Scan'] as const).map((operation) => ({
    endpoint: 'dynamodb' as const,
    who: 'api' as const,
    action: `dynamodb:${operation}`,
    resource: inRegion('dynamodb', 'table/vault-records'),
    elsewhere: inRegion('dynamodb', 'table/vault-records', OTHER),
  })),
  {
    endpoint: 'dynamodb',
    who: 'session',
    action: 'dynamodb:GetItem',
    resource: inRegion('dynamodb', 'table/vault-records'),
    elsewhere: inRegion('dynamodb', 'table/vault-records-copy'),
  },
  {
    endpoint: 'kms',
    who: 'instance',
    action: 'kms:Decrypt',
    resource: inRegion('kms', 'key/aaaaaaaa-1111-2222-3333-444444444444'),
    elsewhere: inRegion('kms', 'key/aaaaaaaa-1111-2222-3333-444444444444', OTHER),
  },
  {
    endpoint: 'logs',
    who: 'api',
    action: 'logs:PutLogEvents',
    resource: inRegion('logs', 'log-group:/vault/audit-heads:log-stream:2026'),
    elsewhere: inRegion('logs', 'log-group:/vault/audit-heads:log-stream:2026', OTHER),
  },
  {
    endpoint: 'logs',
    who: 'api',
    action: 'logs:CreateLogStream',
    resource: inRegion('logs', 'log-group:/vault/audit-heads'),
    elsewhere: inRegion('logs', 'log-group:/vault/parent'),
  },
  {
    endpoint: 'logs',
    who: 'instance',
    action: 'logs:PutLogEvents',
    resource: inRegion('logs', 'log-group:/vault/parent:log-stream:i-1'),
    elsewhere: inRegion('logs', 'log-group:/vault/audit-heads:log-stream:i-1'),
  },
  {
    endpoint: 'monitoring',
    who: 'instance',
    action: 'cloudwatch:PutMetricData',
    resource: '*',
    context: { 'cloudwatch:namespace': 'vault' },
  },
  {
    endpoint: 'cloudformation',
    who: 'instance',
    action: 'cloudformation:SignalResource',
    resource: inRegion('cloudformation', 'stack/vault-decryption/11111111-2222'),
    elsewhere: inRegion('cloudformation', 'stack/vault-decryption-other/11111111-2222'),
  },
  {
    endpoint: 'executeApi',
    who: 'smoke',
    action: 'execute-api:Invoke',
    resource: inRegion('execute-api', 'abcdefghij/v/POST/v1/vaults'),
    elsewhere: inRegion('execute-api', 'abcdefghij/v/POST/v1/vaults', OTHER),
  },
  { endpoint: 'ssm', who: 'instance', action: 'ssm:UpdateInstanceInformation', resource: '*' },
  { endpoint: 'ssmmessages', who: 'instance', action: 'ssmmessages:OpenDataChannel', resource: '*' },
  {
    endpoint: 'sts',
    who: 'admin',
    action: 'sts:AssumeRole',
    resource: `arn:aws:iam::${ACCOUNT}:role/any`,
    elsewhere: `arn:aws:iam::${OTHER}:role/any`,
  },
  { endpoint: 'sts', who: 'admin', action: 'sts:GetCallerIdentity', resource: '*' },
  { endpoint: 'xray', who: 'admin', action: 'xray:PutTraceSegments', resource: '*' },
];

/** The endpoint has no Allow for it, and nothing else is missing. */
const REFUSED = { allowed: false, kind: 'implicit_deny', missing: 'endpoint' };

describe.each(PASSES)('$endpoint: $action by $who on $resource', (row) => {
  const { endpoint, who, action, resource, elsewhere, context = {} } = row;

  it('passes', () => {
    const decision = ask(endpoint, who, action, resource, context);
    expect(decision.allowed).toBe(true);
    const matched = decision.trace.filter(({ layer, matched: hit }) => layer === 'endpoint' && hit);
    expect(matched).toHaveLength(1);
  });

  it.each(['stranger', 'twin', 'anonymous', 'service'] as const)('not by %s', (foreign) => {
    expect(ask(endpoint, foreign, action, resource, context)).toMatchObject(REFUSED);
  });

  it('not by a foreign principal who says that a service asks for him', () => {
    const forwarded = { ...context, 'aws:ViaAWSService': 'true', 'aws:CalledVia': ['lambda.amazonaws.com'] };
    expect(ask(endpoint, 'stranger', action, resource, forwarded)).toMatchObject(REFUSED);
  });

  it.runIf(!['sts', 'xray'].includes(endpoint))('not by another principal of the account', () => {
    expect(ask(endpoint, 'admin', action, resource, context)).toMatchObject(REFUSED);
    expect(ask(endpoint, 'deployment', action, resource, context)).toMatchObject(REFUSED);
    expect(ask(endpoint, 'root', action, resource, context)).toMatchObject(REFUSED);
    expect(ask(endpoint, 'tagged', action, resource, context)).toMatchObject(REFUSED);
  });

  it.runIf(elsewhere !== undefined)('not on what is not ours', () => {
    const owner = elsewhere?.includes(OTHER) ? OTHER : ACCOUNT;
    expect(ask(endpoint, who, action, elsewhere ?? '', { ...context, owner })).toMatchObject(REFUSED);
  });

  it('nothing else', () => {
    for (const other of [`${action}Tagging`, `${action.split(':')[0]}:DeleteEverything`, 'iam:CreateUser']) {
      expect(ask(endpoint, who, other, resource, context)).toMatchObject(REFUSED);
    }
  });
});

describe('S3', () => {
  const packages = 'arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/core/mirrors/latest/aarch64/mirror.list';
  const aws = { owner: '999999999999' };

  it('lets anybody read AL2023’s packages, since dnf signs nothing', () => {
    expect(ask('s3', 'anonymous', 's3:GetObject', packages, aws).allowed).toBe(true);
    expect(ask('s3', 'instance', 's3:GetObject', packages, aws).allowed).toBe(true);
  });

  it.each([
    ['a bucket that is called alike', 's3:GetObject', packages.replace('de612dc2', 'de612dc3')],
    ['one that begins like it', 's3:GetObject', packages.replace('de612dc2', 'de612dc2-mine')],
    ['another Region’s', 's3:GetObject', packages.replace('eu-central-1', 'us-east-1')],
    ['a list', 's3:ListBucket', 'arn:aws:s3:::al2023-repos-eu-central-1-de612dc2'],
    ['a write', 's3:PutObject', packages],
  ])('not %s', (_, action, resource) => {
    expect(ask('s3', 'anonymous', action, resource, aws)).toMatchObject(REFUSED);
    expect(ask('s3', 'instance', action, resource, aws)).toMatchObject(REFUSED);
  });

  it('writes nowhere, the artifacts included', () => {
    for (const action of ['s3:PutObject', 's3:DeleteObjectVersion', 's3:GetObject', 's3:ListBucket']) {
      expect(ask('s3', 'instance', action, `arn:aws:s3:::${BUCKET}/x`)).toMatchObject(REFUSED);
    }
  });

  it('knows a bucket of our name in a foreign account from ours', () => {
    const object = `arn:aws:s3:::${BUCKET}/x`;
    expect(ask('s3', 'instance', 's3:GetObjectVersion', object, { owner: OTHER })).toMatchObject(REFUSED);
  });
});

test('figures go into one namespace', () => {
  for (const namespace of ['AWS/EC2', 'vault2', 'Vault']) {
    const context = { 'cloudwatch:namespace': namespace };
    expect(ask('monitoring', 'instance', 'cloudwatch:PutMetricData', '*', context)).toMatchObject(REFUSED);
  }
  expect(ask('monitoring', 'instance', 'cloudwatch:PutMetricData', '*')).toMatchObject(REFUSED);
});

test('a role of the API reads no parent log, and an instance no table', () => {
  expect(
    ask('dynamodb', 'instance', 'dynamodb:GetItem', inRegion('dynamodb', 'table/vault-records')),
  ).toMatchObject(REFUSED);
  expect(
    ask('logs', 'api', 'logs:PutLogEvents', inRegion('logs', 'log-group:/vault/parent:log-stream:x')),
  ).toMatchObject(REFUSED);
});

describe('every document', () => {
  it.each(Object.entries(POLICIES))('%s is an endpoint policy within its limit', (_, policy) => {
    expect(validatePolicy(policy, 'endpoint')).toEqual([]);
    // AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies".
    expect(JSON.stringify(policy).length).toBeLessThan(20_480);
  });

  it('keeps its limit with as many callers as a private API may have', () => {
    const callers = Array.from(
      { length: 31 },
      (_, index) =>
        `arn:aws:iam::${ACCOUNT}:role/${'p'.repeat(400)}/${String(index).padStart(2, '0')}${'r'.repeat(60)}`,
    );
    const policy = executeApiEndpointPolicy(DEPLOYMENT, callers);
    expect(JSON.stringify(policy).length).toBeLessThan(20_480);
  });

  it('names whole actions, and every statement', () => {
    for (const { Statement } of Object.values(POLICIES)) {
      for (const { Sid, Action, Effect } of Statement) {
        expect(Sid).toMatch(/^Allow[A-Za-z]+$/);
        expect(Effect).toBe('Allow');
        for (const action of [Action].flat()) expect(action).not.toContain('*');
      }
    }
  });
});

describe('mutants', () => {
  const packages = 'arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/core/x';
  const others: readonly (readonly [Endpoint, Who, string, string])[] = [
    ['s3', 'anonymous', 's3:GetObject', packages],
    ...(
      ['GenerateDataKey', 'GenerateDataKeyPairWithoutPlaintext', 'GenerateDataKeyWithoutPlaintext'] as const
    ).map((use) => ['kms', 'api', `kms:${use}`, inRegion('kms', 'key/a')] as const),
    ...(['Sign', 'GetPublicKey', 'DescribeKey'] as const).flatMap((use) => [
      ['kms', 'api', `kms:${use}`, inRegion('kms', 'key/a')] as const,
      ['kms', 'instance', `kms:${use}`, inRegion('kms', 'key/a')] as const,
    ]),
    ['logs', 'instance', 'logs:CreateLogStream', inRegion('logs', 'log-group:/vault/parent')],
    ...(['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel'] as const).map(
      (use) => ['ssmmessages', 'instance', `ssmmessages:${use}`, '*'] as const,
    ),
    ...(['GetSamplingRules', 'GetSamplingTargets', 'PutTelemetryRecords'] as const).map(
      (use) => ['xray', 'admin', `xray:${use}`, '*'] as const,
    ),
  ];
  const asked = [
    ...PASSES.map(({ endpoint, who, action, resource, context = {} }) => ({
      endpoint,
      who,
      action,
      resource,
      context,
    })),
    ...others.map(([endpoint, who, action, resource]) => ({ endpoint, who, action, resource, context: {} })),
  ].flatMap((request) => [
    request,
    ...(['stranger', 'twin', 'admin'] as const).map((who) => ({ ...request, who })),
    { ...request, context: { ...request.context, owner: OTHER } },
    { ...request, context: { ...request.context, 'cloudwatch:namespace': 'AWS/EC2' } },
  ]);
  const answers = (endpoint: Endpoint, policy: PolicyDocument): readonly boolean[] =>
    asked
      .filter((request) => request.endpoint === endpoint)
      .map(({ who, action, resource, context }) => ask(policy, who, action, resource, context).allowed);

  /**
   * What may be taken away without a difference: the account of a principal whose whole ARN is asked for. It stays, as the
   * perimeter's own condition, for the day when somebody adds a role of another account to the list.
   */
  const redundant = ({ what, policy }: { what: string; policy: PolicyDocument }): boolean => {
    const statement = policy.Statement.find(
      ({ Sid }) => what === `${Sid}: without StringEquals aws:PrincipalAccount`,
    );
    return statement?.Condition?.ArnEquals?.['aws:PrincipalArn'] !== undefined;
  };

  it.each(Object.entries(POLICIES) as [Endpoint, PolicyDocument][])(
    'every one of %s is noticed',
    (endpoint, policy) => {
      const right = JSON.stringify(answers(endpoint, policy));
      const survivors = mutants(policy)
        // An endpoint policy without a statement is no policy.
        .filter((mutant) => mutant.policy.Statement.length > 0)
        .filter((mutant) => JSON.stringify(answers(endpoint, mutant.policy)) === right);
      expect(survivors.filter((mutant) => !redundant(mutant)).map(({ what }) => what)).toEqual([]);
    },
  );
});

describe('inputs that would widen a document are refused', () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof PolicyInputError) return error.code;
      throw error;
    }
    return 'none';
  };

  it.each([
    ['no caller', () => executeApiEndpointPolicy(DEPLOYMENT, [])],
    ['every caller', () => executeApiEndpointPolicy(DEPLOYMENT, ['*'])],
    ['a pattern', () => executeApiEndpointPolicy(DEPLOYMENT, [`arn:aws:iam::${ACCOUNT}:role/*`])],
    ['a foreign role', () => executeApiEndpointPolicy(DEPLOYMENT, [`arn:aws:iam::${OTHER}:role/a`])],
    ['a whole account', () => executeApiEndpointPolicy(DEPLOYMENT, [`arn:aws:iam::${ACCOUNT}:root`])],
    ['no workload', () => kmsEndpointPolicy(DEPLOYMENT, { workloads: [] })],
    ['a bucket pattern', () => s3EndpointPolicy(DEPLOYMENT, 'vault-*')],
    ['every table', () => dynamoDbEndpointPolicy(DEPLOYMENT, '*')],
    ['a variable', () => dynamoDbEndpointPolicy(DEPLOYMENT, '$' + '{aws:username}')],
    ['every log group', () => logsEndpointPolicy(DEPLOYMENT, { ...GROUPS, parent: '*' })],
    ['every namespace', () => monitoringEndpointPolicy(DEPLOYMENT, '')],
    ['every stack', () => cloudFormationEndpointPolicy(DEPLOYMENT, 'vault-?')],
    ['a Region pattern', () => s3EndpointPolicy({ ...DEPLOYMENT, region: 'eu-*' }, BUCKET)],
  ])('%s', (_, run) => {
    expect(code(run)).toBe('invalid_deployment');
  });
});
