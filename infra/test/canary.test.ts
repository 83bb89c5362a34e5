// SPDX-License-Identifier: Apache-2.0
import { canaryIdentityPolicy, controlWorkloadPolicy } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { METRICS, parseManifest, CANARY as SETTINGS } from '../../canary/src/index.ts';
import { readSettings } from '../../host/smoke/src/settings.ts';
import {
  canaryManifest,
  comparedPolicies,
  contextOf,
  DEPLOY,
  exampleKnown,
  synthesize,
  type Template,
  type TemplateResource,
} from '../src/index.ts';
import { canaryAlarmsOf } from '../src/stages/canary/alarms.ts';
import { CANARY_PLACES, PROBING_PLACES, titleOf } from '../src/stages/canary/places.ts';
import { CANARY } from '../src/stages/canary.ts';
import { DATA } from '../src/stages/data.ts';
import { KEYS } from '../src/stages/keys.ts';

const ACCOUNT = '111122223333';
const CREDENTIALS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 's' };

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

const ID = { inside: 'Inside', outside: 'Outside', control: 'Control' } as const;

describe.each(CANARY_PLACES)('the canary %s', (place) => {
  const canary = functionOf(place);
  const variables = (canary.Environment as { Variables: Record<string, string> }).Variables;

  it('is the signed file of the release, and takes no other', () => {
    expect(canary.Code).toEqual({
      S3Bucket: `vault-artifacts-${ACCOUNT}-eu-central-1`,
      S3Key: `signed/${place === 'control' ? 'smoke' : `canary-${place}`}.zip`,
      S3ObjectVersion: { inside: '4', outside: '5', control: '3' }[place].repeat(32),
    });
    expect(canary.CodeSigningConfigArn).toMatch(/:code-signing-config:csc-/);
    expect(canary).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: place === 'control' ? 'index.control' : 'index.handler',
    });
  });

  it('has more time than its probes take', () => {
    expect(canary.Timeout).toBeGreaterThanOrEqual(15);
  });

  it('may do what it tries and write its log, by the exact names', () => {
    const rights = propertiesOf(made, 'AWS::IAM::RolePolicy', `"vault-canary-${place}"`);
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
    if (place === 'control') {
      const paths = ['POST/v1/vaults', 'POST/v1/vaults/*/decrypt'];
      const name = 'vault-canary-control';
      expect(rights.PolicyDocument).toEqual(
        controlWorkloadPolicy(
          deployment,
          { name, logGroup: `/aws/lambda/${name}`, tracing: false, inVpc: true },
          { api: 'abcdefghij', stage: 'v', paths },
        ),
      );
      expect(canary.Role).toBe(`arn:aws:iam::${ACCOUNT}:role/vault/${name}`);
      return;
    }
    const { keys, table = '' } = readRole(SETTINGS, { env: variables });
    expect(rights.PolicyDocument).toEqual(
      canaryIdentityPolicy(deployment, place, {
        vaultKey: keys.vault,
        requestKey: keys.request,
        ...(place === 'inside'
          ? { compared: { keys: [keys.vault, keys.request, keys.integrity ?? ''], table } }
          : {}),
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
    const id = ID[place];
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
    const id = ID[place];
    expect(made.Resources[`${id}Function`]?.DependsOn).toEqual(
      expect.arrayContaining([`${id}Logs`, `${id}Permissions`]),
    );
  });

  it.each(canaryAlarmsOf(place))(
    'has the alarm $id, which says what to do',
    ({ id, metric, means, todo }) => {
      const alarm = propertiesOf(made, 'AWS::CloudWatch::Alarm', `"vault-canary-${place}-${id}"`);
      expect(alarm).toMatchObject({
        Namespace: 'vault',
        MetricName: metric,
        Dimensions: [{ Name: 'Canary', Value: place }],
        AlarmActions: [`arn:aws:sns:eu-central-1:${ACCOUNT}:vault-alarms`],
        AlarmDescription: `${titleOf(place)}: ${means} ${todo}`,
      });
    },
  );

  it('has no alarm on a metric that it does not write, and one for every outcome that is not good', () => {
    const watched = canaryAlarmsOf(place).map(({ metric }) => metric);
    expect(METRICS[place]).toEqual(expect.arrayContaining(watched));
    // As good as a comparison that found nothing: a canary that made none says CanaryError.
    expect([...METRICS[place]].filter((metric) => metric !== 'AsDeployed').sort()).toEqual(
      [...watched].sort(),
    );
  });
});

const variablesOf = (place: string, from = made) =>
  (functionOf(place, from).Environment as { Variables: Record<string, string> }).Variables;

describe('settings', () => {
  it.each(PROBING_PLACES)('are such as the canary %s takes', (place) => {
    const config = readRole(SETTINGS, { env: variablesOf(place) });
    expect(config.metricsNamespace).toBe('vault');
    expect(config.keys.vault).not.toBe(config.keys.request);
    expect(config.keys.legacy).toEqual([]);
    expect(config.kms.fips).toBe(false);
    // Outside nothing is compared: its network is refused a look at policies.
    expect(config.manifest).toBe(place === 'inside' ? '/var/task/manifest.json' : undefined);
  });

  it('are such as the control takes, and name the API that is deployed', () => {
    const { client, auth, field } = readSettings({ ...variablesOf('control'), ...CREDENTIALS }) ?? {};
    expect([client?.url, auth, field]).toEqual([
      'https://abcdefghij.execute-api.eu-central-1.amazonaws.com/v',
      'iam',
      'first_name',
    ]);
  });

  it('name the legacy keys, unless the sample still works with them', () => {
    const legacy = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/mrk-${'9'.repeat(32)}`;
    const probing = { ENCLAVE_VAULT_DEPLOY_LEGACY_KEYS: legacy };
    const rightsOf = (from: Template) =>
      JSON.stringify(all(from, 'AWS::IAM::RolePolicy').map(({ Properties }) => Properties));
    for (const place of PROBING_PLACES)
      expect(readRole(SETTINGS, { env: variablesOf(place, template(probing)) }).keys.legacy).toEqual([
        legacy,
      ]);
    expect(rightsOf(template(probing))).toContain(legacy);
    const sampleRuns = template({ ...probing, ENCLAVE_VAULT_DEPLOY_CANARY_LEGACY_KEYS: 'false' });
    for (const place of PROBING_PLACES)
      expect(readRole(SETTINGS, { env: variablesOf(place, sampleRuns) }).keys.legacy).toEqual([]);
    expect(rightsOf(sampleRuns)).not.toContain(legacy);
  });
});

describe('the manifest', () => {
  const known = exampleKnown(readRole(DEPLOY, { file: DEPLOY.example, env: {} }));
  const policies = comparedPolicies(contextOf(known), known.measurements);

  it('has the very policies of the templates', () => {
    const keys = synthesize(KEYS, known).Resources;
    const { replicas } = { replicas: synthesize(DATA, known).Resources.Records?.Properties?.Replicas };
    expect(policies).toEqual({
      vault: keys.VaultKey?.Properties?.KeyPolicy,
      request: keys.RequestKey?.Properties?.KeyPolicy,
      integrity: keys.IntegrityKey?.Properties?.KeyPolicy,
      table: (replicas as readonly { ResourcePolicy: { PolicyDocument: object } }[])[0]?.ResourcePolicy
        .PolicyDocument,
    });
  });

  it('has a state once, and two where there are two', () => {
    const shut = comparedPolicies(contextOf(known), null);
    const manifest = parseManifest(canaryManifest([policies, shut, policies]));
    expect(manifest.vault).toEqual([policies.vault, shut.vault]);
    // Of those that ask for no attestation there is one.
    expect(manifest.integrity).toEqual([policies.integrity]);
    expect(manifest.table).toEqual([policies.table]);
  });
});

describe('where the canaries are', () => {
  const inside = {
    SubnetIds: [`subnet-${'1'.repeat(17)}`, `subnet-${'2'.repeat(17)}`],
    SecurityGroupIds: [`sg-${'1'.repeat(17)}`],
  };

  it('one is in the subnets of functions, the other in none', () => {
    expect(functionOf('inside').VpcConfig).toEqual(inside);
    expect(functionOf('outside').VpcConfig).toBeUndefined();
  });

  it('the control is where callers are', () => {
    expect(functionOf('control').VpcConfig).toEqual(inside);
    const regional = template({ ENCLAVE_VAULT_DEPLOY_API_EXPOSURE: 'regional' });
    expect(functionOf('control', regional).VpcConfig).toBeUndefined();
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
    for (const place of PROBING_PLACES)
      expect(readRole(SETTINGS, { env: variablesOf(place, fips) }).kms.fips).toBe(true);
  });
});
