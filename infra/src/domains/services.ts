// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../config/deploy.ts';
import { dnsSuffix } from '../config/partitions.ts';

/** An AWS service that something in the VPC calls through an interface endpoint. */
export type InterfaceService =
  | 'cloudformation'
  | 'execute-api'
  | 'kms'
  | 'kms-fips'
  | 'logs'
  | 'monitoring'
  | 'ssm'
  | 'ssmmessages'
  | 'sts'
  | 'xray';

/**
 * The services that a deployment calls from inside its VPC: one endpoint each, and the DNS firewall knows their names.
 *
 * - kms: API, enclave (through the parent's relay) and inside canary. With `network.fips` the FIPS endpoint instead of the
 *   other, which is then out of reach rather than out of use.
 * - logs: audit heads of the API, the parent's log. What functions print, Lambda sends itself, and traces as well (Lambda
 *   Developer Guide, "Visualize Lambda function invocations using AWS X-Ray"): tracing needs no endpoint here.
 * - monitoring: figures of the instances' agent.
 * - cloudformation: an instance that serves says so to the stack that waits for it.
 * - execute-api: callers of a private API. With a Regional API there must be none: its private names would hide every
 *   Regional API from the VPC (API Gateway Developer Guide, "Private REST APIs in API Gateway").
 * - ssm, ssmmessages: sessions, where deploy.json wants them. Their agent needs no ec2messages since 3.3.40.0.
 */
export function interfaceServices(config: DeployConfig): readonly InterfaceService[] {
  const { network } = config;
  return [
    network.fips ? 'kms-fips' : 'kms',
    'logs',
    'monitoring',
    'cloudformation',
    ...(hasPrivateApi(config) ? (['execute-api'] as const) : []),
    ...(network.sessionManager ? (['ssm', 'ssmmessages'] as const) : []),
    ...network.endpoints,
  ];
}

/** Whether the API is called through an endpoint of this VPC. */
export function hasPrivateApi({ api }: DeployConfig): boolean {
  return api.exposure === 'private';
}

/** `logs.eu-central-1.amazonaws.com`. All services of the table are named like that. */
export function serviceHost({ partition, region }: DeployConfig, service: string): string {
  return `${service}.${region}.${dnsSuffix(partition)}`;
}

/** Where KMS is called: by API, parent, enclave and canary alike. */
export function kmsHost(config: DeployConfig): string {
  return serviceHost(config, config.network.fips ? 'kms-fips' : 'kms');
}

/** In China some services' endpoints are listed under the Chinese domain, and some are not. */
const CHINESE: ReadonlySet<InterfaceService> = new Set([
  'cloudformation',
  'execute-api',
  'monitoring',
  'sts',
  'xray',
]);

/** The name under which PrivateLink lists a service. Held against CDK's table by a test. */
export function endpointServiceName(
  { partition, region }: DeployConfig,
  service: InterfaceService | 's3' | 'dynamodb',
): string {
  const chinese = partition === 'aws-cn' && (CHINESE as ReadonlySet<string>).has(service);
  return `${chinese ? 'cn.' : ''}com.amazonaws.${region}.${service}`;
}
