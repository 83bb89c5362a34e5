// SPDX-License-Identifier: Apache-2.0
export { accessLogsPolicy } from './api/access-logs.ts';
export { type FunctionResources, functionArn } from './api/function.ts';
export { apiResourcePolicy, type GatewayAccess } from './api/gateway.ts';
export { apiIdentityPolicy } from './api/identity.ts';
export { wafLogDeliveryPolicy } from './api/waf.ts';
export {
  type ApiResources,
  apiWorkloadPolicy,
  authorizerWorkloadPolicy,
  controlWorkloadPolicy,
  smokeWorkloadPolicy,
} from './api/workload.ts';
export {
  adminBoundary,
  apiBoundary,
  authorizerBoundary,
  type BoundaryOptions,
  boundaries,
  breakGlassBoundary,
  canaryBoundary,
  deploymentBoundary,
  instanceBoundary,
} from './boundaries/index.ts';
export { type BucketPolicyInput, bucketPolicy } from './bucket.ts';
export { type CanaryArns, canaryIdentityPolicy } from './canary.ts';
export {
  type CanonicalStatement,
  type CanonicalValue,
  canonicalStatement,
  canonicalText,
} from './canonical.ts';
export { type ChannelSide, channelKeyPolicy } from './channel.ts';
export { type DeployerOptions, deployerPolicies } from './deployer.ts';
export { type DeploymentOptions, type DeploymentTopic, deploymentPolicies } from './deployment/index.ts';
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
export type { KeyPlace } from './key-common.ts';
export {
  INTEGRITY_PURPOSE_PREFIX,
  integrityKeyPolicy,
  legacyKeyPolicy,
  REQUEST_PURPOSE,
  requestKeyPolicy,
  vaultKeyPolicy,
} from './keys.ts';
export { legacyKeyStatement } from './legacy.ts';
export { LOG_REMOVALS, logGroupArns, logGroupProtection } from './log-group.ts';
export {
  type ControlDocument,
  type ControlStatement,
  type ExpectedNetwork,
  type Organization,
  organizationControls,
  organizationResourceControls,
  vaultControls,
  vaultResourceControls,
} from './organization/index.ts';
export {
  confusedDeputyProtection,
  identityPerimeter,
  type Network,
  type NetworkPerimeter,
  networkPerimeter,
  type Perimeter,
  resourcePerimeter,
  secureTransport,
  serviceLinkedRoles,
  vpcArn,
} from './perimeter.ts';
export {
  APPROVAL,
  approverPolicy,
  buildWorkloadPolicy,
  deployWorkloadPolicy,
  PIPELINE_ARTIFACTS,
  type PipelineKeys,
  type PipelineSource,
  pipelineName,
  pipelineWorkloadPolicy,
  projectName,
  SOURCE_UPLOAD,
} from './pipeline.ts';
export { pipelineBucketPolicy } from './pipeline-bucket.ts';
export {
  type Assumer,
  BOUNDARIES,
  type BoundaryKind,
  boundaryArn,
  boundaryName,
  ROLE_IDS,
  ROLES,
  type RoleId,
  type RoleSpec,
  roleArn,
  roleName,
} from './roles.ts';
export {
  artifactsKeyPolicy,
  dataKeyPolicy,
  logsKeyPolicy,
  replicationRole,
  topicKeyPolicy,
} from './service-keys.ts';
export { signingKeyPolicy } from './signing-keys.ts';
export { STACKS, type StackId, stackArns } from './stacks.ts';
export { streamPolicy, type TablePolicyInput, tablePolicy } from './table.ts';
export { type TopicPolicyInput, topicPolicy } from './topic.ts';
export { type TrailOptions, trailBucketPolicy, trailKeyPolicy, trailRolePolicy } from './trail.ts';
export {
  breakGlassTrustPolicy,
  serviceTrustPolicy,
  type TrustDocument,
  type TrustStatement,
} from './trust.ts';
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
