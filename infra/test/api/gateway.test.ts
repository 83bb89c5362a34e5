// SPDX-License-Identifier: Apache-2.0
import { PROBLEMS } from '@enclave-vault/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateRequest, type Principal } from '../../../emulators/iam/src/index.ts';
import { startApi } from '../../../host/api/test/harness.ts';
import { GATEWAY_PROBLEMS } from '../../src/stages/api/responses.ts';
import { ROUTES } from '../../src/stages/api/routes.ts';
import {
  ACCOUNT,
  apiConfig,
  CLAIMS,
  config,
  filled,
  type Json,
  named,
  ofType,
  only,
  TOKENS,
  template,
} from './support.ts';

const base = template(config());
const tokens = template(apiConfig(TOKENS));

describe('routes', () => {
  let paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  beforeAll(async () => {
    const api = await startApi({ ui: true });
    paths = JSON.parse((await api.call('GET', '/v1/openapi.json', { token: null })).text).paths;
    await api.stop();
  });

  it('are those of the OpenAPI document, with what each call takes, and no others', () => {
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, call]) => {
        const parameters = (call.parameters ?? []) as readonly { in: string; name: string }[];
        const of = (place: string) =>
          parameters
            .filter((one) => one.in === place)
            .map(({ name }) => name.toLowerCase())
            .sort();
        return `${method.toUpperCase()} ${path} ?${of('query')} ${of('header')} ${method !== 'delete' && 'requestBody' in call ? 'body' : ''}`;
      }),
    );
    const ours = ROUTES.map(({ method, path, query = [], headers = [], object }) => {
      return `${method} ${path} ?${[...query].sort()} ${headers.map((name) => name.toLowerCase()).sort()} ${object ? 'body' : ''}`;
    });
    const left = (line: string) => line.startsWith('GET /metrics ');
    expect(documented.filter(left)).toHaveLength(1);
    // The document does not describe itself.
    const own = 'GET /v1/openapi.json ?  ';
    expect(ours.filter((line) => line !== own).sort()).toEqual(
      documented.filter((line) => !left(line)).sort(),
    );
    expect(ours).toContain(own);
  });

  it('are methods of the template, one by one: there is no catch-all', () => {
    const parts = new Map(
      ofType(base, 'AWS::ApiGateway::Resource').map(({ id, properties }) => [id, properties]),
    );
    const pathOf = (id: string): string => {
      const { ParentId, PathPart } = parts.get(id) ?? {};
      const parent = (ParentId as unknown as { Ref?: string } | undefined)?.Ref;
      return `${parent === undefined ? '' : pathOf(parent)}/${PathPart}`;
    };
    const methods = ofType(base, 'AWS::ApiGateway::Method').map(({ properties }) => {
      return `${properties.HttpMethod} ${pathOf((properties.ResourceId as { Ref: string }).Ref)}`;
    });
    expect(methods.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
    expect(methods.join()).not.toMatch(/\+|ANY|OPTIONS/);
    expect([...parts.values()]).toHaveLength(12);
  });
});

describe('methods', () => {
  it('all ask for a signature, validate, and call the alias within the function’s time', () => {
    const { Timeout } = named(base, 'Function') as { Timeout: number };
    for (const { properties } of ofType(base, 'AWS::ApiGateway::Method')) {
      expect(properties).toMatchObject({
        AuthorizationType: 'AWS_IAM',
        RequestValidatorId: { Ref: 'Validator' },
        Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST' },
      });
      const { Uri, TimeoutInMillis } = properties.Integration as { Uri: unknown; TimeoutInMillis: number };
      expect(filled(Uri)).toBe(
        `arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-api:live/invocations`,
      );
      expect(TimeoutInMillis).toBeGreaterThan(Timeout * 1000);
      expect(TimeoutInMillis).toBeLessThan(29_000);
    }
    expect(named(base, 'Validator')).toMatchObject({
      ValidateRequestBody: true,
      ValidateRequestParameters: true,
    });
    expect(ofType(base, 'AWS::ApiGateway::Authorizer')).toEqual([]);
  });

  it('ask for a token instead where the deployment says so, but for /health', () => {
    const kinds = ofType(tokens, 'AWS::ApiGateway::Method').map(({ id, properties }) => [
      id,
      properties.AuthorizationType,
    ]);
    expect(kinds.filter(([, kind]) => kind !== 'CUSTOM')).toEqual([['GetHealth', 'AWS_IAM']]);
    for (const { properties } of ofType(tokens, 'AWS::ApiGateway::Method')) {
      if (properties.AuthorizationType === 'CUSTOM')
        expect(properties.AuthorizerId).toEqual({ Ref: 'Tokens' });
    }
    expect(only(tokens, 'AWS::ApiGateway::Authorizer').properties).toMatchObject({
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 60,
    });
  });

  it('show the authorizer nothing that is no token', () => {
    const { IdentityValidationExpression: pattern } = only(tokens, 'AWS::ApiGateway::Authorizer').properties;
    const shown = new RegExp(String(pattern));
    expect(shown.test('Bearer eyJh.eyJz.c2ln')).toBe(true);
    for (const other of [
      'Bearer evk_abc_def',
      'Basic YTpi',
      'Bearer a.b',
      'Bearer a.b.',
      'AWS4-HMAC-SHA256 Credential=x',
      '',
    ])
      expect(shown.test(other), other).toBe(false);
  });
});

describe('the function’s permissions', () => {
  const allowed = (from: typeof base, id: 'FunctionLive' | 'AuthorizerLive') => ({
    Version: '2012-10-17',
    Statement: ofType(from, 'AWS::Lambda::Permission')
      .filter(({ properties }) => (properties.FunctionName as { Ref: string }).Ref === id)
      .map(({ properties: { Action, Principal, SourceArn, SourceAccount } }) => ({
        Effect: 'Allow' as const,
        Principal: { Service: String(Principal) },
        Action: String(Action),
        Resource: '*',
        // As Lambda writes a permission into the function's policy.
        Condition: {
          ArnLike: { 'AWS:SourceArn': String(filled(SourceArn)) },
          StringEquals: { 'AWS:SourceAccount': String(SourceAccount) },
        },
      })),
  });
  const GATEWAY: Principal = { arn: 'apigateway.amazonaws.com', type: 'service' };
  const may = (
    policy: ReturnType<typeof allowed>,
    source: string,
    { who = GATEWAY, account = ACCOUNT, action = 'lambda:InvokeFunction' } = {},
  ) =>
    evaluateRequest(
      {
        principal: who,
        action,
        resource: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-api:live`,
        resourceAccount: ACCOUNT,
        context: {
          'aws:SourceArn': `arn:aws:execute-api:eu-central-1:${source}`,
          'aws:SourceAccount': account,
        },
      },
      { resource: policy, identity: [] },
    ).allowed;

  it('let this API’s methods in at its stage, and nobody else', () => {
    const policy = allowed(base, 'FunctionLive');
    for (const { method, path } of ROUTES) {
      const source = `${ACCOUNT}:abcdefghij/v/${method}${path.replace('{id}', '*')}`;
      expect(may(policy, source), source).toBe(true);
      // The console's test button.
      expect(may(policy, source.replace('/v/', '/test-invoke-stage/'))).toBe(false);
      expect(may(policy, source.replace('abcdefghij', 'zzzzzzzzzz'))).toBe(false);
      expect(may(policy, source, { account: '444455556666' })).toBe(false);
      expect(may(policy, source, { who: { arn: 'sns.amazonaws.com', type: 'service' } })).toBe(false);
      expect(may(policy, source, { action: 'lambda:InvokeFunctionUrl' })).toBe(false);
    }
    expect(may(policy, `${ACCOUNT}:abcdefghij/v/GET/metrics`)).toBe(false);
    expect(may(policy, `${ACCOUNT}:abcdefghij/v/PUT/v1/vaults`)).toBe(false);
  });

  it('let this API’s authorizer call the authorizer’s function', () => {
    const policy = allowed(tokens, 'AuthorizerLive');
    expect(policy.Statement).toHaveLength(1);
    expect(may(policy, `${ACCOUNT}:abcdefghij/authorizers/toknid`)).toBe(true);
    expect(may(policy, `${ACCOUNT}:abcdefghij/authorizers/other`)).toBe(false);
    expect(may(policy, `${ACCOUNT}:abcdefghij/v/GET/health`)).toBe(false);
    expect(allowed(base, 'AuthorizerLive').Statement).toEqual([]);
  });
});

describe('the API', () => {
  it('is private, behind the one endpoint, unless it is to be public', () => {
    expect(named(base, 'Api')).toMatchObject({
      EndpointConfiguration: {
        Types: ['PRIVATE'],
        IpAddressType: 'dualstack',
        VpcEndpointIds: ['vpce-22222222222222222'],
      },
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
    });
    expect(named(template(apiConfig({ exposure: 'regional' })), 'Api').EndpointConfiguration).toEqual({
      Types: ['REGIONAL'],
      IpAddressType: 'ipv4',
    });
    const plain = named(template(apiConfig({ tls: 'default' })), 'Api');
    expect(plain).not.toHaveProperty('SecurityPolicy');
    expect(plain).not.toHaveProperty('EndpointAccessMode');
  });

  it('has no account-wide role, no compression, no binary types, no cross-origin', () => {
    expect(ofType(base, 'AWS::ApiGateway::Account')).toEqual([]);
    const api = named(base, 'Api');
    expect(api).not.toHaveProperty('MinimumCompressionSize');
    expect(api).not.toHaveProperty('BinaryMediaTypes');
  });

  it('refuses who is not listed, by the policy that stands in the template', () => {
    const role = (name: string): Principal => ({
      arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      type: 'role',
      account: ACCOUNT,
    });
    const everything = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }],
    };
    const inside = { 'aws:SourceVpce': 'vpce-22222222222222222' };
    const judge = (
      from: typeof base,
      principal: Principal,
      context: Record<string, string>,
      path = 'v/GET/v1/vaults/v_1',
    ) => {
      const decision = evaluateRequest(
        {
          principal,
          action: 'execute-api:Invoke',
          resource: `arn:aws:execute-api:eu-central-1:${ACCOUNT}:abcdefghij/${path}`,
          resourceAccount: ACCOUNT,
          context,
        },
        { identity: [everything], resource: named(from, 'Api').Policy as never },
      );
      return decision.allowed ? 'allow' : decision.decidedBy?.sid;
    };
    const listed = template(apiConfig({ callers: [CLAIMS] }));
    expect(judge(listed, role('apps/claims'), inside)).toBe('allow');
    expect(judge(listed, role('vault/vault-smoke'), inside)).toBe('allow');
    expect(judge(base, role('apps/claims'), inside)).toBe('DenyOtherCallers');
    expect(judge(listed, role('people/admin'), inside)).toBe('DenyOtherCallers');
    expect(judge(listed, role('vault/vault-deployment'), inside)).toBe('DenyOtherCallers');
    expect(judge(listed, role('apps/claims'), { 'aws:SourceVpce': 'vpce-0dddd' })).toBe('DenyOtherEndpoints');
    const nobody: Principal = { arn: '*', type: 'anonymous' };
    expect(judge(listed, nobody, inside)).toBe('DenyOtherCallers');
    const office = template(apiConfig({ ...TOKENS, cidrs: ['198.51.100.0/24'] }));
    const inOffice = { 'aws:SourceIp': '198.51.100.9', 'aws:SecureTransport': 'true' };
    expect(judge(office, nobody, inOffice)).toBe('allow');
    expect(judge(office, nobody, { 'aws:SourceIp': '192.0.2.9' })).toBe('DenyOtherAddresses');
    expect(judge(office, role('vault/vault-smoke'), { 'aws:SourceIp': '192.0.2.9' }, 'v/GET/health')).toBe(
      'allow',
    );
    expect(judge(office, nobody, inOffice, 'v/GET/health')).toBe('DenyOtherCallers');
  });

  it('is refused when its policy grows beyond what API Gateway takes', () => {
    const callers = Array.from({ length: 30 }, (_, n) => ({
      ...CLAIMS,
      arn: `arn:aws:iam::${ACCOUNT}:role/${'a-long-path-of-a-role/'.repeat(4)}caller-number-${n}`,
    }));
    expect(() => template(apiConfig({ callers }))).toThrow(
      expect.objectContaining({ code: 'template_refused' }),
    );
  });
});

describe('what the gateway answers itself', () => {
  it.each(GATEWAY_PROBLEMS)('$type is one of the API’s problems', ({ status, title, code, detail }) => {
    const known = PROBLEMS[code as keyof typeof PROBLEMS];
    expect(known).toBeDefined();
    if (status !== null) expect([status, detail]).toEqual([...known]);
    expect(title).not.toBe('');
  });

  it('quotes nothing of caller, API or request', () => {
    const answers = ofType(base, 'AWS::ApiGateway::GatewayResponse');
    expect(answers).toHaveLength(GATEWAY_PROBLEMS.length);
    for (const { properties } of answers) {
      const text = String((properties.ResponseTemplates as Record<string, string>)['application/json']);
      // Still JSON with an id in it.
      expect(JSON.parse(text.replace('$context.extendedRequestId', 'Ab1='))).toMatchObject({
        request_id: 'Ab1=',
      });
      expect(text.match(/\$[a-z.A-Z]+/g)).toEqual(['$context.extendedRequestId']);
      expect(properties.ResponseParameters).toMatchObject({
        'gatewayresponse.header.Cache-Control': "'no-cache, no-store, must-revalidate'",
      });
    }
  });

  it('covers every kind that API Gateway has', () => {
    expect(GATEWAY_PROBLEMS.map(({ type }) => type).sort()).toEqual([
      'ACCESS_DENIED',
      'API_CONFIGURATION_ERROR',
      'AUTHORIZER_CONFIGURATION_ERROR',
      'AUTHORIZER_FAILURE',
      'BAD_REQUEST_BODY',
      'BAD_REQUEST_PARAMETERS',
      'DEFAULT_4XX',
      'DEFAULT_5XX',
      'EXPIRED_TOKEN',
      'INTEGRATION_FAILURE',
      'INTEGRATION_TIMEOUT',
      'INVALID_API_KEY',
      'INVALID_SIGNATURE',
      'MISSING_AUTHENTICATION_TOKEN',
      'QUOTA_EXCEEDED',
      'REQUEST_TOO_LARGE',
      'RESOURCE_NOT_FOUND',
      'THROTTLED',
      'UNAUTHORIZED',
      'UNSUPPORTED_MEDIA_TYPE',
      'WAF_FILTERED',
    ]);
  });
});
