// SPDX-License-Identifier: Apache-2.0

/** A record of CloudTrail ("CloudTrail record contents"), as far as anything here looks at it. */
export type TrailRecord = Readonly<Record<string, unknown>>;

const ACCOUNT = '111122223333';
export const HOME = 'eu-central-1';

/** A session of a role. */
export function session(role: string, path = '/people/'): TrailRecord {
  return {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLE:session',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/session`,
    accountId: ACCOUNT,
    accessKeyId: 'ASIAEXAMPLE',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: `arn:aws:iam::${ACCOUNT}:role${path}${role}`,
        accountId: ACCOUNT,
        userName: role,
      },
    },
  };
}

/** A call of an API by an administrator, from outside. */
export function call(service: string, eventName: string, members: TrailRecord = {}): TrailRecord {
  return {
    eventVersion: '1.11',
    userIdentity: session('admin'),
    eventTime: '2026-01-01T00:00:00Z',
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: HOME,
    sourceIPAddress: '192.0.2.1',
    userAgent: 'aws-cli/2.0',
    requestParameters: null,
    responseElements: null,
    requestID: '11111111-1111-4111-8111-111111111111',
    eventID: '22222222-2222-4222-8222-222222222222',
    readOnly: /^(Get|List|Describe|AssumeRole|Decrypt)/.test(eventName),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
    ...members,
  };
}

/** The record as EventBridge wraps it ("AWS service events delivered via AWS CloudTrail"). */
export function asEvent(record: TrailRecord): TrailRecord {
  const service = String(record.eventSource).split('.')[0];
  return {
    version: '0',
    id: '33333333-3333-4333-8333-333333333333',
    'detail-type':
      record.eventType === 'AwsConsoleSignIn'
        ? 'AWS Console Sign In via CloudTrail'
        : 'AWS API Call via CloudTrail',
    source: `aws.${service}`,
    account: ACCOUNT,
    time: record.eventTime,
    region: record.awsRegion,
    resources: [],
    detail: record,
  };
}

/** A call on a KMS key. */
export function onKey(eventName: string, arn: string, members: TrailRecord = {}): TrailRecord {
  return call('kms', eventName, {
    requestParameters: { keyId: arn },
    resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: arn }],
    ...members,
  });
}

/** A call that was refused: without parameters, and with words about what it was on. */
export function refused(action: string, resource: string, members: TrailRecord = {}): TrailRecord {
  const [service = '', name = ''] = action.split(':');
  return call(service, name, {
    errorCode: 'AccessDenied',
    errorMessage: `User: arn:aws:sts::${ACCOUNT}:assumed-role/admin/session is not authorized to perform: ${action} on resource: ${resource} with an explicit deny in a resource-based policy`,
    ...members,
  });
}
