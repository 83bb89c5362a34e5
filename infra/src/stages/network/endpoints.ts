// SPDX-License-Identifier: Apache-2.0
import {
  cloudFormationEndpointPolicy,
  dynamoDbEndpointPolicy,
  executeApiEndpointPolicy,
  kmsEndpointPolicy,
  logsEndpointPolicy,
  monitoringEndpointPolicy,
  type PolicyDocument,
  requestedEndpointPolicy,
  s3EndpointPolicy,
  sessionEndpointPolicy,
} from '@enclave-vault/policies';
import { type Stack, Tags } from 'aws-cdk-lib';
import { CfnVPCEndpoint } from 'aws-cdk-lib/aws-ec2';
import { endpointServiceName, type InterfaceService, interfaceServices } from '../../domains/services.ts';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import type { Groups } from './groups.ts';
import type { Ground, Tier } from './subnets.ts';

export interface Endpoints {
  readonly s3: CfnVPCEndpoint;
  readonly dynamoDb: CfnVPCEndpoint;
  readonly interfaces: ReadonlyMap<InterfaceService, CfnVPCEndpoint>;
}

/**
 * An endpoint for each service that is called, and a policy for each endpoint. Gateway endpoints are in the route table of
 * who needs them alone: no function has a way to S3, and no instance one to the table.
 */
export function makeEndpoints(
  stack: Stack,
  context: StageContext,
  { vpc, functions, instances }: Ground,
  groups: Groups,
): Endpoints {
  const { config, names } = context;
  const home = homeOf(config, names);
  const named = (endpoint: CfnVPCEndpoint, service: string): CfnVPCEndpoint => {
    Tags.of(endpoint).add('Name', `${config.name}-${service}`);
    return endpoint;
  };
  const gateway = (
    id: string,
    service: 's3' | 'dynamodb',
    { routes }: Tier,
    policyDocument: PolicyDocument,
  ): CfnVPCEndpoint => {
    const endpoint = new CfnVPCEndpoint(stack, id, {
      vpcId: vpc.ref,
      vpcEndpointType: 'Gateway',
      serviceName: endpointServiceName(config, service),
      routeTableIds: [routes.ref],
      policyDocument,
    });
    return named(endpoint, service);
  };
  const privateLink = (service: InterfaceService): CfnVPCEndpoint => {
    const group = service === 'execute-api' ? groups.apiEndpoint : undefined;
    const endpoint = new CfnVPCEndpoint(stack, `${logicalName(service)}Endpoint`, {
      vpcId: vpc.ref,
      vpcEndpointType: 'Interface',
      serviceName: endpointServiceName(config, service),
      privateDnsEnabled: true,
      subnetIds: functions.subnets.map((subnet) => subnet.ref),
      securityGroupIds: [(group ?? groups.endpoints).attrGroupId],
      policyDocument: interfacePolicy(context, service),
    });
    return named(endpoint, service);
  };
  return {
    s3: gateway('S3Endpoint', 's3', instances, s3EndpointPolicy(home, names.bucket)),
    dynamoDb: gateway(
      'DynamoDbEndpoint',
      'dynamodb',
      functions,
      dynamoDbEndpointPolicy(home, names.table, [names.roleArn('canary-inside')]),
    ),
    interfaces: new Map(interfaceServices(config).map((service) => [service, privateLink(service)])),
  };
}

/** `kms-fips`: `KmsFips`. Two services, two resources: one is made before the other is taken away. */
function logicalName(service: InterfaceService): string {
  return service.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function interfacePolicy({ config, names }: StageContext, service: InterfaceService): PolicyDocument {
  const home = homeOf(config, names);
  switch (service) {
    case 'kms':
    case 'kms-fips':
      // The keys come later, with policies that name this endpoint.
      return kmsEndpointPolicy(home, {
        workloads: [names.roles.api, names.roles.instance, names.roleArn('canary-inside')],
        policyReaders: [names.roleArn('canary-inside')],
      });
    case 'logs':
      return logsEndpointPolicy(home, names.logGroups);
    case 'monitoring':
      return monitoringEndpointPolicy(home, names.namespace);
    case 'cloudformation':
      return cloudFormationEndpointPolicy(home, names.stack('decryption'));
    case 'execute-api':
      return executeApiEndpointPolicy(home, [
        names.roleArn('smoke'),
        names.roleArn('canary-control'),
        ...config.api.callers.map(({ arn }) => arn),
      ]);
    case 'ssm':
    case 'ssmmessages':
      return sessionEndpointPolicy(home, service);
    case 'sts':
    case 'xray':
      return requestedEndpointPolicy(home, service);
  }
}
