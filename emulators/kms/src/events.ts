// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { PrincipalConfig } from './config.ts';
import type { KmsError } from './errors.ts';
import type { Call } from './service.ts';

/** A record of one API call, as CloudTrail has it (CloudTrail User Guide, "CloudTrail record contents"). */
export type CloudTrailEvent = Readonly<Record<string, unknown>>;

/**
 * Builds the record of a call that passed authentication. It has names, the encryption context and who asked; never
 * plaintext, ciphertext, documents or policies.
 */
export function cloudTrailEvent(
  call: Call,
  readOnly: boolean,
  requestParameters: Readonly<Record<string, unknown>> | null,
  error: KmsError | null,
): CloudTrailEvent {
  const { service, network, recipient } = call;
  const { account, region } = service.config;
  return {
    eventVersion: '1.11',
    userIdentity: userIdentity(call.principal),
    eventTime: `${new Date(call.now).toISOString().slice(0, 19)}Z`,
    eventSource: 'kms.amazonaws.com',
    eventName: call.operation,
    awsRegion: region,
    sourceIPAddress: call.sourceAddress,
    userAgent: call.userAgent,
    ...(error === null ? {} : { errorCode: shortName(error), errorMessage: error.message }),
    requestParameters,
    responseElements: null,
    ...(recipient === null ? {} : { additionalEventData: { recipient: recipient.logged } }),
    requestID: call.requestId,
    eventID: randomUUID(),
    readOnly,
    resources: [...call.resources].map((arn) => ({ accountId: account, type: 'AWS::KMS::Key', ARN: arn })),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    ...(network?.sourceVpce === undefined
      ? {}
      : { vpcEndpointId: network.sourceVpce, vpcEndpointAccountId: account }),
    eventCategory: 'Management',
  };
}

/** CloudTrail says AccessDenied where the API says AccessDeniedException, and keeps other names. */
function shortName({ code }: KmsError): string {
  return code === 'AccessDeniedException' ? 'AccessDenied' : code;
}

function userIdentity({ arn, accessKeyId }: PrincipalConfig): Record<string, unknown> {
  const [, , , , accountId, name = ''] = arn.split(':');
  const [kind, ...path] = name.split('/');
  const last = path.at(-1);
  if (kind === 'user') return { type: 'IAMUser', arn, accountId, accessKeyId, userName: last };
  if (kind === 'role') {
    const sessionIssuer = { type: 'Role', arn, accountId, userName: last };
    return { type: 'AssumedRole', arn, accountId, accessKeyId, sessionContext: { sessionIssuer } };
  }
  if (kind === 'assumed-role') return { type: 'AssumedRole', arn, accountId, accessKeyId };
  return { type: 'Root', arn, accountId, accessKeyId };
}
