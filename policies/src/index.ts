// SPDX-License-Identifier: Apache-2.0
export { accessLogsPolicy } from './api/access-logs.ts';
export { type FunctionResources, functionArn } from './api/function.ts';
export { apiResourcePolicy, type GatewayAccess } from './api/gateway.ts';
export { apiIdentityPolicy } from './api/identity.ts';
export {
  type ApiResources,
  apiWorkloadPolicy,
  authorizerWorkloadPolicy,
  smokeWorkloadPolicy,
} from './api/workload.ts';
export {
  adminBoundary,
  apiBoundary,
  type Bounded,
  boundaryArn,
  deploymentBoundary,
  instanceBoundary,
} from './boundaries.ts';
export { type CanaryArns, canaryIdentityPolicy } from './canary.ts';
export { type ChannelSide, channelKeyPolicy } from './channel.ts';
export {
  cloudFormationEndpointPolicy,
  dynamoDbEndpointPolicy,
  executeApiEndpointPolicy,
  type KmsEndpointOptions,
  kmsEndpointPolicy,
  logsEndpointPolicy,
  monitoringEndpointPolicy,
  packagesBucket,
  type RequestedService,
  requestedEndpointPolicy,
  s3EndpointPolicy,
  sessionEndpointPolicy,
} from './endpoints/index.ts';
export { type PolicyInputCode, PolicyInputError } from './errors.ts';
export { flowLogsPolicy, queryLogsDeliveryPolicy } from './flow-logs.ts';
export {
  adminIdentityPolicy,
  breakGlassIdentityPolicy,
  deploymentIdentityPolicy,
} from './identities.ts';
export {
  type InstanceResources,
  instanceIdentityPolicy,
  instanceWorkloadPolicy,
  type PinnedObject,
} from './instance.ts';
export {
  INTEGRITY_PURPOSE_PREFIX,
  integrityKeyPolicy,
  legacyKeyPolicy,
  REQUEST_PURPOSE,
  requestKeyPolicy,
  vaultKeyPolicy,
} from './keys.ts';
export { legacyKeyStatement } from './legacy.ts';
export { type TrailOptions, trailBucketPolicy, trailKeyPolicy, trailRolePolicy } from './trail.ts';
export type {
  ConditionBlock,
  Deployment,
  Home,
  KeyArns,
  Measurements,
  OneOrMany,
  PolicyDocument,
  PrincipalElement,
  Roles,
  Statement,
} from './types.ts';
