// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import {
  CfnAuthorizer,
  type CfnGatewayResponse,
  CfnMethod,
  CfnModel,
  CfnRequestValidator,
  CfnResource,
  CfnRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';
import { NETWORK } from '../network.ts';
import { accessPolicy } from './access.ts';
import { Definition } from './definition.ts';
import { addGatewayResponses } from './responses.ts';
import { HEALTH, idOf, pathId, ROUTES, type Route, STAGE } from './routes.ts';

export interface Gateway {
  readonly api: CfnRestApi;
  readonly definition: Definition;
  /** What a deployment must wait for: methods, with all that they refer to, and answers. */
  readonly parts: readonly (CfnMethod | CfnGatewayResponse)[];
}

/** The function's own limit is 15 s, and its answer is out before that; API Gateway's is 29 s. */
const INTEGRATION_MS = 16_000;

/** ARN by which API Gateway invokes a function's alias. */
export function invocationUri({ config: { partition, region } }: StageContext, alias: string): string {
  return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${alias}/invocations`;
}

/** What of an API calls a function: a method of the stage, or an authorizer. */
function sourceArn(
  { config: { partition, region, account } }: StageContext,
  api: string,
  rest: string,
): string {
  return `arn:${partition}:execute-api:${region}:${account}:${api}/${rest}`;
}

/** The REST API with nothing in it. */
export function addRestApi(stack: Stack, context: StageContext): { api: CfnRestApi; definition: Definition } {
  const { config, outputs } = context;
  const { exposure, tls } = config.api;
  const definition = new Definition(stack);
  const api = new CfnRestApi(
    stack,
    'Api',
    definition.add('Api', {
      name: `${config.name}-api`,
      endpointConfiguration:
        exposure === 'private'
          ? // Private APIs are dual-stack and nothing else ("IP address types for REST APIs").
            {
              types: ['PRIVATE'],
              ipAddressType: 'dualstack',
              vpcEndpointIds: [outputs(NETWORK).ExecuteApiEndpointId],
            }
          : { types: ['REGIONAL'], ipAddressType: 'ipv4' },
      policy: accessPolicy(context),
      // STRICT: the name in TLS must be the Host's, and the endpoint of the API's own type ("Endpoint access mode").
      ...(tls === 'default' ? {} : { securityPolicy: tls, endpointAccessMode: 'STRICT' }),
      // There is no custom domain that would take its place.
      disableExecuteApiEndpoint: false,
    }),
  );
  return { api, definition };
}

/**
 * Resources, methods and answers, each method with its authorizer, and with the right to invoke the function: this API's
 * methods at its one stage, and not the console's test button, which passes by authorizers and resource policy.
 * @param alias ARN of the function's alias
 * @param authorizer ARN of the authorizer's alias, where tokens are asked for
 */
export function addMethods(
  stack: Stack,
  context: StageContext,
  { api, definition }: Pick<Gateway, 'api' | 'definition'>,
  { alias, authorizer }: { readonly alias: string; readonly authorizer: string | null },
): Gateway {
  const restApiId = api.ref;
  const parents = addResources(stack, api, definition);
  const validator = new CfnRequestValidator(
    stack,
    'Validator',
    definition.add('Validator', {
      restApiId,
      name: 'everything',
      validateRequestBody: true,
      validateRequestParameters: true,
    }),
  );
  // What a body may hold, the function says, with the path of each bad member. This keeps out what no call takes.
  const model = new CfnModel(
    stack,
    'JsonObject',
    definition.add('JsonObject', {
      restApiId,
      name: 'JsonObject',
      contentType: 'application/json',
      schema: { $schema: 'http://json-schema.org/draft-04/schema#', title: 'JsonObject', type: 'object' },
    }),
  );
  const tokens = authorizer === null ? null : addAuthorizer(stack, context, api, definition, authorizer);
  const methods = ROUTES.map((route) => {
    const id = idOf(route);
    const custom = tokens !== null && route !== HEALTH;
    const method = new CfnMethod(
      stack,
      id,
      definition.add(id, {
        restApiId,
        resourceId: parents(route.path),
        httpMethod: route.method,
        ...(custom
          ? { authorizationType: 'CUSTOM', authorizerId: tokens.ref }
          : { authorizationType: 'AWS_IAM' }),
        apiKeyRequired: false,
        requestValidatorId: validator.ref,
        requestParameters: parametersOf(route),
        ...(route.object ? { requestModels: { 'application/json': model.ref } } : {}),
        integration: {
          type: 'AWS_PROXY',
          integrationHttpMethod: 'POST',
          uri: invocationUri(context, alias),
          timeoutInMillis: INTEGRATION_MS,
        },
      }),
    );
    suppress(method, {
      rule: 'CognitoUserPoolAPIGWAuthorizer',
      reason:
        'Callers are roles that sign their requests, or hold a token that the authorizer verifies; there is no user pool.',
    });
    new CfnPermission(stack, `${id}Invoke`, {
      functionName: alias,
      action: 'lambda:InvokeFunction',
      principal: 'apigateway.amazonaws.com',
      sourceAccount: context.config.account,
      // API Gateway writes an asterisk where a path has a parameter.
      sourceArn: sourceArn(
        context,
        restApiId,
        `${STAGE}/${route.method}${route.path.replaceAll(/\{[a-z]+\}/g, '*')}`,
      ),
    });
    return method;
  });
  return { api, definition, parts: [...methods, ...addGatewayResponses(stack, restApiId, definition)] };
}

/** @returns finds the id of a path's resource */
function addResources(stack: Stack, api: CfnRestApi, definition: Definition): (path: string) => string {
  const made = new Map<string, string>([['', api.attrRootResourceId]]);
  const idFor = (path: string): string => {
    const known = made.get(path);
    if (known !== undefined) return known;
    const at = path.lastIndexOf('/');
    const id = `Path${pathId(path)}`;
    const resource = new CfnResource(
      stack,
      id,
      definition.add(id, {
        restApiId: api.ref,
        parentId: idFor(path.slice(0, at)),
        pathPart: path.slice(at + 1),
      }),
    );
    made.set(path, resource.ref);
    return resource.ref;
  };
  return idFor;
}

function parametersOf({ path, query = [], headers = [] }: Route): Record<string, boolean> {
  return {
    ...(path.includes('{id}') ? { 'method.request.path.id': true } : {}),
    ...Object.fromEntries(query.map((name) => [`method.request.querystring.${name}`, false])),
    ...Object.fromEntries(headers.map((name) => [`method.request.header.${name}`, false])),
  };
}

/**
 * REST APIs have no authorizer for tokens of their own. This one is shown the token and the method, and no more of a
 * request: what leaves the VPC is no business of the vault's.
 */
function addAuthorizer(
  stack: Stack,
  context: StageContext,
  api: CfnRestApi,
  definition: Definition,
  alias: string,
): CfnAuthorizer {
  const authorizer = new CfnAuthorizer(
    stack,
    'Tokens',
    definition.add('Tokens', {
      restApiId: api.ref,
      name: 'tokens',
      type: 'TOKEN',
      identitySource: 'method.request.header.Authorization',
      // What is no signed token is refused without an invocation.
      identityValidationExpression: '^Bearer [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
      authorizerUri: invocationUri(context, alias),
      authorizerResultTtlInSeconds: context.config.api.jwt.cacheSeconds,
    }),
  );
  new CfnPermission(stack, 'TokensInvoke', {
    functionName: alias,
    action: 'lambda:InvokeFunction',
    principal: 'apigateway.amazonaws.com',
    sourceAccount: context.config.account,
    sourceArn: sourceArn(context, api.ref, `authorizers/${authorizer.ref}`),
  });
  return authorizer;
}
