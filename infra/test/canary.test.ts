// SPDX-License-Identifier: Apache-2.0
import { canaryIdentityPolicy } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { CANARY as SETTINGS } from '../../canary/src/index.ts';
import { DEPLOY, exampleKnown, synthesize, type Template, type TemplateResource } from '../src/index.ts';
import { CANARY_ALARMS } from '../src/stages/canary/alarms.ts';
import { CANARY_PLACES } from '../src/stages/canary/places.ts';
import { CANARY } from '../src/stages/canary.ts';

const ACCOUNT = '111122223333';

type Properties = Readonly<Record<string, unknown>>;

function template(changes: Readonly<Record<string, string>> = {}): Template {
  const config = readRole(DEPLOY, { file: DEPLOY.example, env: changes });
  return synthesize(CANARY, exampleKnown(config));
}
const made = template();
const all = (from: Template, type: string): readonly (TemplateResource & { readonly id: string })[] =>
  Object.entries(from.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, resource]) => ({ id, ...resource }));
const propertiesOf = (from: Template, type: string, matching: string): Properties => {
  const found = all(from, type).filter(({ Properties }) => JSON.stringify(Properties).includes(matching));
  expect(found.map(({ id }) => id)).toHaveLength(1);
  return found[0]?.Properties ?? {};
};
const functionOf = (place: string, from = made) =>
  propertiesOf(from, 'AWS::Lambda::Function', `"vault-canary-${place}"`);

describe.each(CANARY_PLACES)('the canary %s', (place) => {
  const canary = functionOf(place);
  const variables = (canary.Environment as { Variables: Record<string, string> }).Variables;

  it('is the signed file of the release, and takes no other', () => {
    expect(canary.Code).toEqual({
      S3Bucket: `vault-artifacts-${ACCOUNT}-eu-central-1`,
      S3Key: `signed/canary-${place}.zip`,
      S3ObjectVersion: (place === 'inside' ? '4' : '5').repeat(32),
    });
    expect(canary.CodeSigningConfigArn).toMatch(/:code-signing-config:csc-/);
    expect(canary).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    });
  });

  it('is given settings that it takes', () => {
    const config = readRole(SETTINGS, { env: variables });
    expect(config.metricsNamespace).toBe('vault');
    expect(config.keys.vault).not.toBe(config.keys.request);
    expect(config.kms.fips).toBe(false);
  });

  it('has more time than its probes take', () => {
    expect(canary.Timeout).toBeGreaterThanOrEqual(15);
  });

  it('may do what it tries and write its log, by the exact names', () => {
    const rights = propertiesOf(made, 'AWS::IAM::RolePolicy', `"vault-canary-${place}"`);
    const { keys } = readRole(SETTINGS, { env: variables });
    const deployment = {
      partition: 'aws',
      account: ACCOUNT,
      region: 'eu-central-1',
      name: 'vault',
      roles: {
        api: `arn:aws:iam::${ACCOUNT}:role/vault/vault-api`,
        instance: `arn:aws:iam::${ACCOUNT}:role/vault/vault-instance`,
        deployment: `arn:aws:iam::${ACCOUNT}:role/vault/vault-deployment`,
        breakGlass: `arn:aws:iam::${ACCOUNT}:role/vault/vault-break-glass`,
      },
    };
    expect(rights.PolicyDocument).toEqual(
      canaryIdentityPolicy(deployment, place, {
        vaultKey: keys.vault,
        requestKey: keys.request,
        function: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-canary-${place}`,
        logGroup: `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/aws/lambda/vault-canary-${place}`,
      }),
    );
    expect(canary.Role).toBe(`arn:aws:iam::${ACCOUNT}:role/vault/vault-canary-${place}`);
  });

  it('writes lines that metrics are made of, into a group that is there and encrypted', () => {
    const group = propertiesOf(made, 'AWS::Logs::LogGroup', `/aws/lambda/vault-canary-${place}`);
    expect(group.KmsKeyId).toMatch(/^arn:aws:kms:/);
    expect(group.RetentionInDays).toBe(365);
    expect(canary.LoggingConfig).toEqual({ LogFormat: 'Text', LogGroup: group.LogGroupName });
  });

  it('runs each minute, called by its own rule alone, and is not tried again', () => {
    const id = `${place === 'inside' ? 'Inside' : 'Outside'}`;
    const rule = made.Resources[`${id}Schedule`]?.Properties ?? {};
    expect(rule).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    expect(rule.Targets).toMatchObject([{ Arn: { 'Fn::GetAtt': [`${id}Function`, 'Arn'] }, Input: '{}' }]);
    expect(made.Resources[`${id}Invocation`]?.Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: `${id}Function` },
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [`${id}Schedule`, 'Arn'] },
    });
    expect(made.Resources[`${id}Invocations`]?.Properties).toMatchObject({ MaximumRetryAttempts: 0 });
  });

  it('waits for its rights and its log group', () => {
    const id = place === 'inside' ? 'Inside' : 'Outside';
    expect(made.Resources[`${id}Function`]?.DependsOn).toEqual(
      expect.arrayContaining([`${id}Logs`, `${id}Permissions`]),
    );
  });

  it.each(CANARY_ALARMS)('has the alarm $id, which says what to do', ({ id, metric, means, todo }) => {
    const alarm = propertiesOf(made, 'AWS::CloudWatch::Alarm', `"vault-canary-${place}-${id}"`);
    expect(alarm).toMatchObject({
      Namespace: 'vault',
      MetricName: metric,
      Dimensions: [{ Name: 'Canary', Value: place }],
      AlarmActions: [`arn:aws:sns:eu-central-1:${ACCOUNT}:vault-alarms`],
      AlarmDescription: `Canary ${place} the VPC: ${means} ${todo}`,
    });
  });
});

describe('where the canaries are', () => {
  it('one is in the subnets of functions, the other in none', () => {
    expect(functionOf('inside').VpcConfig).toEqual({
      SubnetIds: [`subnet-${'1'.repeat(17)}`, `subnet-${'2'.repeat(17)}`],
      SecurityGroupIds: [`sg-${'1'.repeat(17)}`],
    });
    expect(functionOf('outside').VpcConfig).toBeUndefined();
  });
});

describe('alarms', () => {
  const alarm = (name: string, from = made) =>
    propertiesOf(from, 'AWS::CloudWatch::Alarm', `"vault-canary-inside-${name}"`);

  it('a way in is told at once, by one probe of one run', () => {
    expect(alarm('allowed')).toMatchObject({
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
    });
  });

  it('no data is silence, and silence an alarm', () => {
    expect(alarm('silent')).toMatchObject({
      MetricName: 'ExpectedDenied',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  it('errors are told when more than half of the minutes have some', () => {
    expect(alarm('failing')).toMatchObject({ EvaluationPeriods: 5, DatapointsToAlarm: 3 });
    const longer = template({ ENCLAVE_VAULT_DEPLOY_CANARY_MINUTES: '10' });
    expect(alarm('failing', longer)).toMatchObject({ EvaluationPeriods: 10, DatapointsToAlarm: 6 });
    expect(alarm('silent', longer)).toMatchObject({ EvaluationPeriods: 10 });
    expect(alarm('allowed', longer)).toMatchObject({ EvaluationPeriods: 1 });
  });
});

describe('where code signing is missing', () => {
  it('functions have none, and nothing else changes', () => {
    const unsigned = template({ ENCLAVE_VAULT_DEPLOY_FEATURES_CODE_SIGNING: 'false' });
    const { CodeSigningConfigArn, ...rest } = functionOf('inside');
    expect(functionOf('inside', unsigned)).toEqual(rest);
  });
});

describe('the FIPS endpoint', () => {
  it('is what both ask where it is configured', () => {
    const fips = template({ ENCLAVE_VAULT_DEPLOY_NETWORK_FIPS: 'true' });
    for (const place of CANARY_PLACES) {
      const { Variables } = functionOf(place, fips).Environment as { Variables: Record<string, string> };
      expect(readRole(SETTINGS, { env: Variables }).kms.fips).toBe(true);
    }
  });
});
