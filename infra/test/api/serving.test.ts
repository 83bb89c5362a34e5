// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validatePolicy } from '../../../emulators/iam/src/index.ts';
import { captureOutput } from '../../../host/api/test/lambda/capture.ts';
import { type Lambda, startLambda } from '../../../host/api/test/lambda/harness.ts';
import { exampleKnown, STAGES, synthesize, type Template } from '../../src/index.ts';
import { API_ALARMS, apiAlarmsOf } from '../../src/stages/api/alarms.ts';
import { ACCESS_LOG_FIELDS, ACCESS_METRICS } from '../../src/stages/api/serving.ts';
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

/** What somebody does who writes to the table: one record in the place of another. */
function putInPlaceOf(path: string, from: string, to: string): void {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  const { changes } = database
    .prepare(
      'UPDATE items SET body = (SELECT body FROM items WHERE pk = ? AND sk = ?) WHERE pk = ? AND sk = ?',
    )
    .run(`VAULT##${from}`, 'v0', `VAULT##${to}`, 'v0');
  database.close();
  expect(changes).toBe(1);
}
const waf = template(apiConfig({ waf: true }));

describe('the deployment', () => {
  const id = (from: Template) => only(from, 'AWS::ApiGateway::Deployment').id;

  it('is another when anything of the API changes, and the same otherwise', () => {
    expect(id(template(config()))).toBe(id(base));
    const others = [
      apiConfig({ callers: [CLAIMS] }),
      apiConfig({ exposure: 'regional' }),
      apiConfig(TOKENS),
      apiConfig({ ...TOKENS, jwt: { ...TOKENS.jwt, cacheSeconds: 0 } }),
      apiConfig({ tls: 'SecurityPolicy_TLS13_1_3_2025_09' }),
    ].map((from) => id(template(from)));
    expect(new Set([id(base), ...others]).size).toBe(others.length + 1);
    // Changed at the stage, or not seen by API Gateway at all.
    for (const same of [
      apiConfig({ throttle: { rate: 7 } }),
      apiConfig({ accessLogs: false }),
      apiConfig({ memory: 2048 }),
      config({ tags: { owner: 'vault' } }),
    ]) {
      expect(id(template(same))).toBe(id(base));
    }
  });

  it('waits for every method and answer, which it copies', () => {
    const { dependsOn } = only(base, 'AWS::ApiGateway::Deployment');
    const parts = ['Method', 'GatewayResponse'].flatMap((kind) =>
      ofType(base, `AWS::ApiGateway::${kind}`).map((resource) => resource.id),
    );
    expect([...dependsOn].sort()).toEqual(parts.sort());
    expect(parts.length).toBeGreaterThan(30);
  });
});

describe('the stage', () => {
  const stage = named(base, 'Stage');

  it('limits all callers together, and decryption more', () => {
    expect(stage).toMatchObject({ StageName: 'v', TracingEnabled: true, CacheClusterEnabled: false });
    expect(stage.MethodSettings).toMatchObject([
      { HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
      {
        HttpMethod: 'POST',
        ResourcePath: '/~1v1~1vaults~1{id}~1decrypt',
        ThrottlingRateLimit: 20,
        ThrottlingBurstLimit: 40,
      },
      // A call of up to a hundred records counts as that many.
      {
        HttpMethod: 'POST',
        ResourcePath: '/~1v1~1vaults:decrypt',
        ThrottlingRateLimit: 0.2,
        ThrottlingBurstLimit: 1,
      },
    ]);
    for (const setting of stage.MethodSettings as readonly Json[]) {
      expect(setting).toMatchObject({ LoggingLevel: 'OFF', DataTraceEnabled: false, CachingEnabled: false });
    }
  });

  it('logs a line of JSON for each request, with nothing that callers fill', () => {
    const { Format, DestinationArn } = stage.AccessLogSetting as { Format: string; DestinationArn: string };
    expect(DestinationArn).toBe(`arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/vault/access`);
    expect(JSON.parse(Format)).toEqual(ACCESS_LOG_FIELDS);
    expect(Format).not.toMatch(
      /\$input|\$context\.(path|requestId|protocol|requestOverride|error\.message|identity\.(userAgent|apiKey|caller|user|accessKey)\b|authorizer\.(claims|error))|header|querystring|body/,
    );
    expect(named(base, 'AccessLog')).toMatchObject({ LogGroupName: '/vault/access', RetentionInDays: 365 });
    expect(named(base, 'AccessLog').KmsKeyId).toContain('key/11111111');
  });

  it('is without a log where the account has no role for it, and without what is counted there', () => {
    const silent = template(apiConfig({ accessLogs: false }));
    expect(named(silent, 'Stage')).not.toHaveProperty('AccessLogSetting');
    expect(ofType(silent, 'AWS::Logs::MetricFilter')).toEqual([]);
    const names = apiAlarmsOf(apiConfig({ accessLogs: false })).map(({ metric }) => metric.name);
    for (const metric of Object.keys(ACCESS_METRICS)) expect(names).not.toContain(metric);
  });

  it('leaves the account’s role alone, or has rights for one that the deploy command sets before this stack', () => {
    const rights = (from: ReturnType<typeof config>) => {
      const network = STAGES.find(({ id }) => id === 'network');
      if (network === undefined) throw new Error('there is no stage network');
      return synthesize(network, exampleKnown(from)).Resources.GatewayLogRights?.Properties;
    };
    expect(rights(config())).toBeUndefined();
    expect(rights(apiConfig({ accessLogs: false, accountLogRole: 'set' }))).toBeUndefined();
    expect(rights(apiConfig({ accountLogRole: 'set' }))).toMatchObject({ RoleName: 'vault-access-logs' });
  });

  it('counts refusals and throttling by fields that the log has', () => {
    for (const { properties } of ofType(base, 'AWS::Logs::MetricFilter')) {
      const fields = [...String(properties.FilterPattern).matchAll(/\$\.(\w+)/g)].map(([, field]) => field);
      expect(fields.length).toBeGreaterThan(0);
      for (const field of fields) expect(ACCESS_LOG_FIELDS).toHaveProperty(String(field));
    }
  });
});

describe('WAF', () => {
  it('is a choice', () => {
    expect(Object.values(base.Resources).filter(({ Type }) => Type.startsWith('AWS::WAFv2'))).toEqual([]);
  });

  it('stands before the stage, keeps no sample, and counts what reads bodies', () => {
    const { properties } = only(waf, 'AWS::WAFv2::WebACL');
    expect(JSON.stringify(properties)).not.toContain('"SampledRequestsEnabled":true');
    const rules = properties.Rules as readonly { Name: string; Priority: number; Statement: Json }[];
    expect(rules.map(({ Name, Priority }) => [Priority, Name])).toEqual([
      [0, 'rate'],
      [1, 'AWSManagedRulesAmazonIpReputationList'],
      [2, 'AWSManagedRulesCommonRuleSet'],
      [3, 'AWSManagedRulesKnownBadInputsRuleSet'],
    ]);
    expect(rules[0]?.Statement).toEqual({ RateBasedStatement: { Limit: 3000, AggregateKeyType: 'IP' } });
    const common = rules[2]?.Statement.ManagedRuleGroupStatement as unknown as {
      RuleActionOverrides: readonly { Name: string; ActionToUse: object }[];
    };
    for (const { Name, ActionToUse } of common.RuleActionOverrides) {
      expect(Name).toMatch(/_BODY$/);
      expect(ActionToUse).toEqual({ Count: {} });
    }
    const { properties: before, dependsOn } = only(waf, 'AWS::WAFv2::WebACLAssociation');
    expect(before.ResourceArn).toEqual({
      'Fn::Join': ['', ['arn:aws:apigateway:eu-central-1::/restapis/', { Ref: 'Api' }, '/stages/v']],
    });
    expect(dependsOn).toEqual(['Stage']);
  });

  it('logs what it refuses, without credentials and queries, where only log delivery for us writes', () => {
    const { properties, dependsOn } = only(waf, 'AWS::WAFv2::LoggingConfiguration');
    expect(properties.RedactedFields).toEqual([
      { SingleHeader: { Name: 'authorization' } },
      { SingleHeader: { Name: 'x-amz-security-token' } },
      { QueryString: {} },
    ]);
    expect([...dependsOn].sort()).toEqual(['WafLog', 'WafLogDelivery']);
    expect(named(waf, 'WafLog').LogGroupName).toBe('aws-waf-logs-vault-api');
    const policy = JSON.parse(String(named(waf, 'WafLogDelivery').PolicyDocument));
    expect(validatePolicy(policy, 'resource')).toEqual([]);
    expect(policy.Statement[0]).toMatchObject({
      Principal: { Service: 'delivery.logs.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
    });
  });
});

describe('alarms', () => {
  it('are all in the template, each tells the topic, and says what to do', () => {
    const from = apiConfig({ ...TOKENS, reservedConcurrency: 10 });
    const made = ofType(template(from), 'AWS::CloudWatch::Alarm');
    expect(made.map(({ properties }) => properties.AlarmName).sort()).toEqual(
      API_ALARMS.map(({ id }) => `vault-${id}`).sort(),
    );
    for (const { properties } of made) {
      expect(properties.AlarmActions).toEqual([expect.stringContaining(':vault-alarms')]);
      expect(String(properties.AlarmDescription).length).toBeLessThanOrEqual(1024);
      expect(properties.TreatMissingData).toBe('notBreaching');
    }
    expect(new Set(API_ALARMS.map(({ id }) => id)).size).toBe(API_ALARMS.length);
  });

  it('take their thresholds from the configuration', () => {
    const made = template(apiConfig({ reservedConcurrency: 10, alarms: { decrypts: 7, latency: 900 } }));
    expect(named(made, 'AlarmDecrypts')).toMatchObject({ Threshold: 7, Period: 300, Statistic: 'Sum' });
    expect(named(made, 'AlarmLatency')).toMatchObject({ Threshold: 900, ExtendedStatistic: 'p99' });
    expect(named(made, 'AlarmFunctionConcurrency')).toMatchObject({ Threshold: 8, Statistic: 'Maximum' });
    expect(named(made, 'AlarmDecryptsUnusual')).toMatchObject({
      ThresholdMetricId: 'usual',
      ComparisonOperator: 'GreaterThanUpperThreshold',
    });
    expect(base.Resources).not.toHaveProperty('AlarmFunctionConcurrency');
    expect(base.Resources).not.toHaveProperty('AlarmAuthorizerErrors');
  });

  describe('on the function’s own figures', () => {
    let lambda: Lambda;
    let output: ReturnType<typeof captureOutput>;
    beforeAll(async () => {
      output = captureOutput();
      lambda = await startLambda({ metricsNamespace: 'vault' });
    });
    afterAll(async () => {
      await lambda.stop();
      output.end();
    });

    /** Dimensions of every figure of this name that the function wrote. */
    const written = (name: string) =>
      output.metrics(name).map((line) => {
        const { CloudWatchMetrics } = line._aws as {
          CloudWatchMetrics: { Namespace: string; Dimensions: string[][] }[];
        };
        const [{ Namespace, Dimensions } = { Namespace: '', Dimensions: [[]] }] = CloudWatchMetrics;
        expect(Namespace).toBe('vault');
        return Object.fromEntries((Dimensions[0] ?? []).map((dimension) => [dimension, line[dimension]]));
      });

    it('name what it really writes, dimension for dimension', async () => {
      const { json } = await lambda.call('POST', '/v1/vaults', { json: { email: 'a@example.com' } });
      await lambda.call('POST', `/v1/vaults/${json.id}/decrypt`, {
        json: { fields: ['email'], reason: 'a test' },
      });
      await lambda.call('POST', '/v1/vaults:decrypt', {
        json: { ids: [json.id], fields: ['email'], reason: 'a test' },
      });
      await lambda.call('GET', '/v1/keys', { token: null });
      const other = await lambda.call('POST', '/v1/vaults', { json: { email: 'b@example.com' } });
      putInPlaceOf(join(lambda.folder, 'vault.sqlite'), json.id, other.json.id);
      const { json: tampered } = await lambda.call('POST', '/v1/vaults:decrypt', {
        json: { ids: [other.json.id], fields: ['email'], reason: 'a test' },
      });
      expect(tampered.results[0].error.code).toBe('integrity_failed');
      const own = API_ALARMS.filter(
        ({ id, metric }) => metric.namespace === 'own' && /decrypts|unauthenticated|tampered-many/.test(id),
      );
      expect(own.map(({ id }) => id)).toEqual([
        'api-decrypts',
        'api-decrypts-many',
        'api-decrypts-unusual',
        'api-unauthenticated',
        'api-tampered-many',
      ]);
      for (const { metric } of own) {
        expect(written(metric.name)).toContainEqual(metric.dimensions(config()));
      }
      // The others differ by a code of the table of problems only.
      const problems = API_ALARMS.filter(({ metric }) => metric.name === 'problems_total');
      for (const { metric } of problems) {
        expect(Object.keys(metric.dimensions(config()))).toEqual(
          Object.keys(written('problems_total')[0] ?? {}),
        );
      }
    });
  });
});
