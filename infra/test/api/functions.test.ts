// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validatePolicy } from '../../../emulators/iam/src/index.ts';
import { exampleKnown, STAGES, synthesize, type Template } from '../../src/index.ts';
import {
  ACCOUNT,
  apiConfig,
  CLAIMS,
  config,
  type Json,
  named,
  ofType,
  only,
  TOKENS,
  template,
} from './support.ts';

const base = template(config());
const tokens = template(apiConfig(TOKENS));

const environment = (from: Template, id: string) =>
  (named(from, id).Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables;
const idWith = ({ Resources }: Template, start: string): string => {
  const [found] = Object.keys(Resources).filter((id) => id.startsWith(start));
  return found ?? '';
};

describe('every function', () => {
  it.each(ofType(tokens, 'AWS::Lambda::Function').map((resource) => [resource.id, resource] as const))(
    '%s is a signed file of the release with a log of its own',
    (id, { properties, dependsOn }) => {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        CodeSigningConfigArn: expect.stringContaining(':code-signing-config:csc-'),
        LoggingConfig: { LogFormat: 'JSON' },
      });
      expect(Object.keys(properties.Code as object)).toEqual(['S3Bucket', 'S3Key', 'S3ObjectVersion']);
      const { LogGroup } = properties.LoggingConfig as { LogGroup: string };
      expect(named(tokens, `${id}Log`)).toMatchObject({
        LogGroupName: LogGroup,
        RetentionInDays: 365,
        KmsKeyId: expect.stringContaining(`:${ACCOUNT}:key/11111111-`),
      });
      // Its rights are there before Lambda uses them, and its log before it writes.
      expect(dependsOn).toEqual([`${id}Log`, `${id}Rights`]);
      expect(named(tokens, `${id}Rights`).RoleName).toBe(String(properties.Role).split('/').at(-1));
    },
  );

  it('takes code without a signature where the partition has no signing, and traces where it has any', () => {
    const without = template(config({ features: { codeSigning: false, tracing: false } }));
    for (const { properties } of ofType(without, 'AWS::Lambda::Function')) {
      expect(properties).not.toHaveProperty('CodeSigningConfigArn');
      expect(properties.TracingConfig).toEqual({ Mode: 'PassThrough' });
    }
    expect(JSON.stringify(without)).not.toContain('xray:');
    expect(named(base, 'Function').TracingConfig).toEqual({ Mode: 'Active' });
  });

  it('has no address of its own, and nothing that CDK would have added', () => {
    for (const from of [base, tokens]) {
      const types = new Set(Object.values(from.Resources).map(({ Type }) => Type));
      for (const refused of [
        'AWS::Lambda::Url',
        'AWS::IAM::Role',
        'AWS::IAM::ManagedPolicy',
        'AWS::ApiGateway::Account',
        'AWS::CloudFormation::CustomResource',
      ]) {
        expect(types.has(refused), refused).toBe(false);
      }
      expect([...types].filter((type) => type.startsWith('Custom::'))).toEqual([]);
    }
  });
});

describe('the API’s function', () => {
  it('is told nothing by its environment but where its signed settings lie', () => {
    expect(environment(base, 'Function')).toEqual({ ENCLAVE_VAULT_CONFIG: '/var/task/enclave-vault.json' });
  });

  it('is in the VPC, with time and memory as docs/lambda.md has them', () => {
    expect(named(base, 'Function')).toMatchObject({
      FunctionName: 'vault-api',
      Role: `arn:aws:iam::${ACCOUNT}:role/vault/vault-api`,
      Timeout: 15,
      MemorySize: 1769,
      VpcConfig: {
        SubnetIds: ['subnet-11111111111111111', 'subnet-22222222222222222'],
        SecurityGroupIds: ['sg-11111111111111111'],
      },
    });
    expect(named(base, 'Function')).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(
      named(template(apiConfig({ reservedConcurrency: 7 })), 'Function').ReservedConcurrentExecutions,
    ).toBe(7);
  });

  it('is published anew when what a version copies changes, and not otherwise', () => {
    const version = (from: Template) => idWith(from, 'FunctionVersion');
    const known = exampleKnown(config());
    const stage = STAGES.find(({ id }) => id === 'api');
    const { release } = known;
    if (stage === undefined || release === null) throw new Error('the example has no release');
    const functions = { ...release.functions, api: { ...release.functions.api, version: 'another' } };
    expect(version(template(config()))).toBe(version(base));
    expect(version(synthesize(stage, { ...known, release: { ...release, functions } }))).not.toBe(
      version(base),
    );
    expect(version(template(apiConfig({ memory: 2048 })))).not.toBe(version(base));
    // Lambda would refuse to publish these a second time.
    for (const same of [
      apiConfig({ reservedConcurrency: 7 }),
      apiConfig({ callers: [CLAIMS] }),
      config({ tags: { owner: 'vault' } }),
      config({ features: { codeSigning: false } }),
    ]) {
      expect(version(template(same))).toBe(version(base));
    }
    expect(named(base, 'FunctionLive')).toMatchObject({
      Name: 'live',
      FunctionVersion: { 'Fn::GetAtt': [version(base), 'Version'] },
    });
  });
});

describe('the other functions', () => {
  it('the authorizer is there for tokens alone, outside the VPC', () => {
    expect(base.Resources).not.toHaveProperty('Authorizer');
    expect(named(tokens, 'Authorizer')).not.toHaveProperty('VpcConfig');
    expect(environment(tokens, 'Authorizer')).toEqual({
      ENCLAVE_VAULT_CONFIG: '/var/task/enclave-vault.json',
    });
  });

  it('the smoke test calls from where callers are', () => {
    expect(named(base, 'Smoke')).toHaveProperty('VpcConfig');
    expect(named(tokens, 'Smoke')).not.toHaveProperty('VpcConfig');
    const url = {
      'Fn::Join': ['', ['https://', { Ref: 'Api' }, '.execute-api.eu-central-1.amazonaws.com/v']],
    };
    expect(environment(base, 'Smoke')).toEqual({
      ENCLAVE_VAULT_SMOKE_URL: url,
      ENCLAVE_VAULT_SMOKE_AUTH: 'iam',
      ENCLAVE_VAULT_SMOKE_FIELD: 'first_name',
    });
    expect(base.Outputs?.Url?.Value).toEqual(url);
    expect(environment(tokens, 'Smoke')).toMatchObject({ ENCLAVE_VAULT_SMOKE_AUTH: 'jwt' });
  });
});

describe('rights', () => {
  it('are attached to the roles that are there, by exact ARN', () => {
    const rights = ofType(tokens, 'AWS::IAM::RolePolicy');
    expect(rights.map(({ properties }) => properties.RoleName).sort()).toEqual([
      'vault-api',
      'vault-authorizer',
      'vault-smoke',
    ]);
    for (const { properties } of rights) {
      const document = JSON.parse(
        JSON.stringify(properties.PolicyDocument).replaceAll(
          /\{"Fn::Join":.*?\]\]\}/g,
          '"arn:aws:execute-api:eu-central-1:1:a/v/*"',
        ),
      );
      expect(validatePolicy(document, 'identity')).toEqual([]);
    }
    const api = JSON.stringify(named(base, 'FunctionRights').PolicyDocument);
    for (const part of [
      'table/vault-records"',
      'log-group:/vault/audit-heads:*',
      'log-group:/vault/api:*',
      'key/mrk-44444444',
    ]) {
      expect(api).toContain(part);
    }
    // The parent's side of the channel, and the key of the artifacts.
    for (const part of ['key/77777777', 'key/33333333']) expect(api).not.toContain(part);
  });

  it('follow the functions out of the VPC', () => {
    const of = (from: Template) => JSON.stringify(named(from, 'SmokeRights').PolicyDocument);
    expect(of(base)).toContain('ec2:CreateNetworkInterface');
    expect(of(tokens)).not.toContain('ec2:');
  });
});

it('uses the names of its partition everywhere', () => {
  const moved = JSON.parse(JSON.stringify(config()).replaceAll('arn:aws:', 'arn:aws-cn:'));
  const china = template(
    config({
      partition: 'aws-cn',
      region: 'cn-north-1',
      zones: ['cn-north-1a', 'cn-north-1b'],
      deployers: moved.deployers,
      breakGlass: moved.breakGlass,
      features: { codeSigning: false },
      api: { waf: true, tls: 'default' },
    }),
  );
  const text = JSON.stringify(china);
  expect(text).not.toContain('arn:aws:');
  expect(text).toContain('.execute-api.cn-north-1.amazonaws.com.cn/v');
  expect(text).toContain('apigateway.amazonaws.com"');
});

it('puts out what later stages and the deploy command need', () => {
  const outputs = (base.Outputs ?? {}) as Record<string, { Value: Json }>;
  expect(Object.keys(outputs).sort()).toEqual(['FunctionName', 'RestApiId', 'SmokeFunctionName', 'Url']);
  expect(outputs.RestApiId?.Value).toEqual({ Ref: 'Api' });
  expect(outputs.FunctionName?.Value).toEqual({ Ref: 'Function' });
  expect(only(base, 'AWS::ApiGateway::RestApi').id).toBe('Api');
});
