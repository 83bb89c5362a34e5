// SPDX-License-Identifier: Apache-2.0
import { ACCOUNT, REGION } from '../support/account.ts';
import {
  account,
  byTrail,
  document,
  itRefuses,
  key,
  root,
  statement,
  table,
  topic,
  topicPolicy,
  trail,
  trailPolicy,
} from '../support/pieces.ts';
import { bucket } from '../support/stacks.ts';

itRefuses([
  {
    name: 'S3: objects that the policy is about must be the bucket’s',
    fails: {
      Bucket: bucket('one'),
      Policy: trailPolicy(
        statement({ Principal: { AWS: root }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::two/*' }),
      ),
    },
    because: /Policy has invalid resource/,
    passes: {
      Bucket: bucket('one'),
      Policy: trailPolicy(
        statement({ Principal: { AWS: root }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::one/*' }),
      ),
    },
  },
  {
    name: 'SNS: a topic’s policy has actions of topics only',
    fails: { Topic: topic, Policy: topicPolicy('sns:*') },
    because: /Policy statement action out of service scope/,
    passes: { Topic: topic, Policy: topicPolicy('sns:Publish') },
  },
  {
    name: 'Logs: a retention that there is not',
    fails: {
      Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/a', RetentionInDays: 100 } },
    },
    because: /no number of days/,
    passes: {
      Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/a', RetentionInDays: 90 } },
    },
  },
  {
    name: 'Logs: a key that CloudWatch Logs may not use',
    fails: {
      Key: key(account),
      Group: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: '/a', KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
      },
    },
    because: /is not allowed to be used with Arn/,
    passes: {
      Key: key(account, {
        ...statement({
          Principal: { Service: `logs.${REGION}.amazonaws.com` },
          Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
        }),
        Sid: 'Two',
      }),
      Group: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: '/a', KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
      },
    },
  },
  {
    name: 'DynamoDB: a key of ours without the right to make a grant',
    fails: {
      Key: key(account, {
        Sid: 'Two',
        Effect: 'Deny',
        Principal: '*',
        Action: 'kms:CreateGrant',
        Resource: '*',
      }),
      Table: table({ SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } } }),
    },
    because: /kms:CreateGrant[\s\S]*explicit|kms:CreateGrant[\s\S]*statement Two/,
    passes: {
      Key: key(account, {
        Sid: 'Two',
        Effect: 'Deny',
        Principal: '*',
        Action: 'kms:CreateGrant',
        Resource: '*',
        Condition: { Bool: { 'kms:GrantIsForAWSResource': 'false' } },
      }),
      Table: table({ SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } } }),
    },
  },
  {
    name: 'DynamoDB: a policy that shuts its own maker out',
    fails: {
      Table: table({
        ResourcePolicy: {
          PolicyDocument: document({
            Sid: 'One',
            Effect: 'Deny',
            Principal: '*',
            Action: 'dynamodb:PutResourcePolicy',
            Resource: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/records`,
          }),
        },
      }),
    },
    because: /would not let the caller change the policy again/,
    passes: {
      Table: table({
        ResourcePolicy: {
          PolicyDocument: document({
            Sid: 'One',
            Effect: 'Deny',
            Principal: '*',
            Action: 'dynamodb:DeleteItem',
            Resource: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/records`,
          }),
        },
      }),
    },
  },
  {
    name: 'CloudTrail: a bucket that it may not write to',
    fails: {
      Bucket: bucket('trails'),
      Policy: trailPolicy(byTrail('s3:GetBucketAcl', 'arn:aws:s3:::trails')),
      Trail: trail,
    },
    because: /Incorrect S3 bucket policy is detected/,
    passes: {
      Bucket: bucket('trails'),
      Policy: trailPolicy(
        byTrail('s3:GetBucketAcl', 'arn:aws:s3:::trails'),
        byTrail('s3:PutObject', `arn:aws:s3:::trails/AWSLogs/${ACCOUNT}/*`),
      ),
      Trail: trail,
    },
  },
]);
