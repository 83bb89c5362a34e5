// SPDX-License-Identifier: Apache-2.0
import { storePolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Draft, Handler, Row, Subject } from './handler.ts';
import { changed, has, row, withTags } from './handler.ts';

/*
 * Schemas AWS::ApiGateway::*; API Gateway Developer Guide, "Control who can create and manage an API Gateway API with IAM
 * policies": actions are the verbs, resources the paths of the control service; tags are a PUT on the path of tags.
 */

const root = ({ world, region }: Draft | Subject): string => `arn:${world.partition}:apigateway:${region}::`;
const collection =
  (path: string) =>
  (subject: Subject): string =>
    `${root(subject)}/${path.replace('{api}', textAt(subject.properties, 'RestApiId') ?? subject.id)}`;
const tags = row('apigateway:PUT', (subject) => `${root(subject)}/tags/${encodeURIComponent(subject.arn)}`, {
  when: has('Tags'),
  context: withTags,
});
const untag = row(
  'apigateway:DELETE',
  (subject) => `${root(subject)}/tags/${encodeURIComponent(subject.arn)}`,
  {
    when: changed('Tags'),
  },
);
const get = row('apigateway:GET');
const patch = (when?: Row['when']): Row =>
  row('apigateway:PATCH', 'self', when === undefined ? {} : { when });
const remove = row('apigateway:DELETE');

/** What lies below one API: made in a collection, and known by a path of its own. */
function below(
  kind: string,
  createOnly: readonly string[],
  path: (draft: Draft, id: string) => string,
  more: Partial<Handler> & {
    readonly idOf?: (draft: Draft) => string;
    readonly put?: true;
    readonly attribute?: string;
  } = {},
): Handler {
  const { idOf, put, attribute, ...rest } = more;
  const itself = put === true;
  return {
    type: `AWS::ApiGateway::${kind}`,
    createOnly: ['RestApiId', ...createOnly],
    create: [
      itself
        ? row('apigateway:PUT')
        : row('apigateway:POST', (subject) => subject.arn.slice(0, subject.arn.lastIndexOf('/'))),
    ],
    read: [get],
    update: [get, itself ? row('apigateway:PUT') : patch()],
    remove: [get, remove],
    identify: (draft) => {
      const id = idOf?.(draft) ?? draft.world.fresh(6, 'base36');
      const arn = `${root(draft)}/restapis/${textAt(draft.properties, 'RestApiId')}/${path(draft, id)}`;
      return { id, arn, attributes: attribute === undefined ? {} : { [attribute]: id } };
    },
    ...rest,
  };
}

const REST_API: Handler = {
  type: 'AWS::ApiGateway::RestApi',
  createOnly: [],
  create: [
    row('apigateway:POST', collection('restapis'), { context: withTags }),
    tags,
    row('apigateway:PUT', 'self', { when: has('Body') }),
    row('apigateway:UpdateRestApiPolicy', collection('restapis/*'), { when: has('Policy') }),
  ],
  read: [get],
  update: [
    get,
    patch(),
    row('apigateway:PUT', 'self', { when: changed('Body') }),
    row('apigateway:UpdateRestApiPolicy', 'self', { when: changed('Policy') }),
    tags,
    untag,
  ],
  remove: [remove],
  identify: (draft) => {
    const id = draft.world.fresh(10, 'base36');
    return {
      id,
      arn: `${root(draft)}/restapis/${id}`,
      attributes: { RestApiId: id, RootResourceId: draft.world.fresh(10, 'base36') },
    };
  },
  check: ({ world, properties }) => {
    if (properties.Policy === undefined) return;
    if (sizeOf(properties.Policy) > LIMITS.restApiPolicy) {
      throw new AwsError('LimitExceededException', 'The policy is larger than 8192 bytes.');
    }
    storePolicy(world, properties.Policy, 'resource', {
      code: 'BadRequestException',
      principal: () =>
        'Invalid policy document. Please check the policy syntax and ensure that Principals are valid.',
    });
  },
};

const methodsOf = ({ world, region, properties }: Subject) =>
  world
    .all('AWS::ApiGateway::Method', region)
    .filter((thing) => thing.properties.RestApiId === properties.RestApiId);

const DEPLOYMENT = below('Deployment', ['StageName'], (_, id) => `deployments/${id}`, {
  attribute: 'DeploymentId',
  check: (subject) => {
    const api = subject.world.find(
      'AWS::ApiGateway::RestApi',
      subject.region,
      textAt(subject.properties, 'RestApiId') ?? '',
    );
    if (api?.properties.Body === undefined && methodsOf(subject).length === 0) {
      throw new AwsError('BadRequestException', "The REST API doesn't contain any methods");
    }
  },
  removable: ({ world, region, id }) => {
    const stage = world
      .all('AWS::ApiGateway::Stage', region)
      .find(({ properties }) => properties.DeploymentId === id);
    if (stage !== undefined) {
      throw new AwsError(
        'BadRequestException',
        'Active stages pointing to this deployment must be moved or deleted',
      );
    }
  },
});

const STAGE: Handler = {
  ...below('Stage', ['StageName'], (draft) => `stages/${textAt(draft.properties, 'StageName')}`, {
    idOf: (draft) => textAt(draft.properties, 'StageName') ?? 'default',
  }),
  create: [
    row('apigateway:POST', collection('restapis/{api}/stages'), { context: withTags }),
    tags,
    patch(has('MethodSettings')),
  ],
  update: [get, patch(), tags, untag],
  check: ({ world, region, id, properties, previous }) => {
    const logging =
      properties.AccessLogSetting !== undefined ||
      JSON.stringify(properties.MethodSettings ?? []).includes('LoggingLevel":"ERROR');
    if (logging && world.apiGatewayLogRole === null) {
      throw new AwsError(
        'BadRequestException',
        'CloudWatch Logs role ARN must be set in account settings to enable logging',
      );
    }
    const taken = world
      .all('AWS::ApiGateway::Stage', region)
      .some((thing) => thing.id === id && thing.properties.RestApiId === properties.RestApiId);
    if (previous === null && taken) throw new AwsError('ConflictException', 'Stage already exists');
  },
};

const METHOD = below(
  'Method',
  ['ResourceId', 'HttpMethod'],
  ({ properties }) =>
    `resources/${textAt(properties, 'ResourceId')}/methods/${textAt(properties, 'HttpMethod')}`,
  {
    put: true,
    idOf: (draft) =>
      `${draft.stackName.slice(0, 5)}-${draft.logicalId.slice(0, 5)}-${draft.world.fresh(12, 'base36upper')}`,
    check: ({ world, region, properties }) => {
      const authorizer = textAt(properties, 'AuthorizerId');
      if (
        authorizer !== undefined &&
        world.find('AWS::ApiGateway::Authorizer', region, authorizer) === undefined
      ) {
        throw new AwsError('BadRequestException', `Invalid authorizer ID specified: ${authorizer}`);
      }
    },
  },
);

const USAGE_PLAN: Handler = {
  type: 'AWS::ApiGateway::UsagePlan',
  createOnly: [],
  create: [row('apigateway:POST', collection('usageplans'), { context: withTags }), tags],
  read: [get],
  update: [get, patch(), tags, untag],
  remove: [get, remove],
  identify: (draft) => {
    const id = draft.world.fresh(6, 'base36');
    return { id, arn: `${root(draft)}/usageplans/${id}`, attributes: { Id: id } };
  },
};

export const API_GATEWAY_HANDLERS: readonly Handler[] = [
  REST_API,
  below('Resource', ['ParentId', 'PathPart'], (_, id) => `resources/${id}`, { attribute: 'ResourceId' }),
  METHOD,
  below('Model', ['Name', 'ContentType'], (_, id) => `models/${id}`, {
    idOf: (draft) => textAt(draft.properties, 'Name') ?? draft.logicalId,
  }),
  below('RequestValidator', ['Name'], (_, id) => `requestvalidators/${id}`, {
    attribute: 'RequestValidatorId',
  }),
  below('Authorizer', [], (_, id) => `authorizers/${id}`, { attribute: 'AuthorizerId' }),
  below(
    'GatewayResponse',
    ['ResponseType'],
    ({ properties }) => `gatewayresponses/${textAt(properties, 'ResponseType')}`,
    { put: true, attribute: 'Id' },
  ),
  DEPLOYMENT,
  STAGE,
  USAGE_PLAN,
];
