// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
import { keyArnOutput } from './shapes.ts';

/** The table of records, the log group of audit heads, and the key of both. */
export const DATA = defineStage({
  id: 'data',
  title: 'Table of records and log of audit heads',
  kept: true,
  outputs: {
    KeyArn: keyArnOutput('9', 'mrk'),
    TableName: { matching: /[A-Za-z0-9_.-]{3,255}/, example: ({ name }) => `${name}-records` },
    TableArn: {
      matching: /arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]+/,
      example: ({ partition, region, account, name }) =>
        `arn:${partition}:dynamodb:${region}:${account}:table/${name}-records`,
    },
    AuditLogGroup: { matching: /[A-Za-z0-9_./#-]{1,512}/, example: ({ name }) => `/${name}/audit-heads` },
  },
  build() {
    return { KeyArn: '', TableName: '', TableArn: '', AuditLogGroup: '' };
  },
});
