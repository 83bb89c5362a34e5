// SPDX-License-Identifier: Apache-2.0
export { cloudFormationEndpointPolicy } from './cloudformation.ts';
export { dynamoDbEndpointPolicy } from './dynamodb.ts';
export { executeApiEndpointPolicy } from './execute-api.ts';
export { type KmsEndpointOptions, kmsEndpointPolicy } from './kms.ts';
export { logsEndpointPolicy } from './logs.ts';
export { monitoringEndpointPolicy } from './monitoring.ts';
export { type RequestedService, requestedEndpointPolicy, sessionEndpointPolicy } from './on-request.ts';
export { packagesBucket, s3EndpointPolicy } from './s3.ts';
