// SPDX-License-Identifier: Apache-2.0
import { ACCOUNT, DEPLOYMENT, policy, REGION } from '../support/account.ts';
import {
  account,
  byLambda,
  document,
  inline,
  itRefuses,
  key,
  lambdaRole,
  long,
  role,
  root,
  statement,
} from '../support/pieces.ts';

itRefuses([
  {
    name: 'KMS: a key that its maker could not manage',
    fails: { Key: key(statement({ Principal: { AWS: root }, Action: 'kms:Decrypt' })) },
    because: /will not allow you to update the key policy in the future/,
    passes: { Key: key(account) },
  },
  {
    name: 'KMS: a Deny that its maker falls under',
    fails: {
      Key: key(account, {
        ...statement({
          Principal: '*',
          Action: 'kms:PutKeyPolicy',
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': root } },
        }),
        Sid: 'Two',
        Effect: 'Deny',
      }),
    },
    because: /will not allow you to update the key policy in the future/,
    passes: {
      Key: key(account, {
        ...statement({
          Principal: '*',
          Action: 'kms:PutKeyPolicy',
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': DEPLOYMENT } },
        }),
        Sid: 'Two',
        Effect: 'Deny',
      }),
    },
  },
  {
    name: 'KMS: a network Deny that CloudFormation’s calls fall under: they have no source VPC',
    fails: {
      Key: key(account, {
        Sid: 'Two',
        Effect: 'Deny',
        Principal: '*',
        Action: 'kms:*',
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:SourceVpc': 'vpc-1' } },
      }),
    },
    because: /will not allow you to update the key policy in the future/,
    passes: {
      Key: key(account, {
        Sid: 'Two',
        Effect: 'Deny',
        Principal: '*',
        Action: 'kms:*',
        Resource: '*',
        Condition: {
          StringNotEquals: { 'aws:SourceVpc': 'vpc-1' },
          ArnNotLike: { 'aws:PrincipalArn': DEPLOYMENT },
        },
      }),
    },
  },
  {
    name: 'KMS: a principal that is not there',
    fails: {
      Key: key(account, {
        ...statement({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/later` }, Action: 'kms:Decrypt' }),
        Sid: 'Two',
      }),
    },
    because: /one or more invalid principals/,
    passes: {
      Key: key(account, {
        ...statement({ Principal: { AWS: lambdaRole }, Action: 'kms:Decrypt' }),
        Sid: 'Two',
      }),
    },
  },
  {
    name: 'KMS: an alias that somebody has',
    given: ({ account: { world } }) =>
      world.add({
        type: 'AWS::KMS::Alias',
        region: REGION,
        id: 'alias/a',
        arn: 'arn:aws:kms:::alias/a',
        properties: { AliasName: 'alias/a' },
        attributes: {},
        policy: null,
      }),
    fails: {
      Key: key(account),
      Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/a', TargetKeyId: { Ref: 'Key' } } },
    },
    because: /An alias with the name alias\/a already exists/,
    passes: {
      Key: key(account),
      Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/b', TargetKeyId: { Ref: 'Key' } } },
    },
  },
  {
    name: 'IAM: a trust policy that names nobody',
    fails: {
      Role: role(
        document({
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/later` },
          Action: 'sts:AssumeRole',
        }),
      ),
    },
    because: /Invalid principal in policy/,
    passes: { Role: role(byLambda) },
  },
  {
    name: 'IAM: a boundary that is not there',
    fails: { Role: role(byLambda, { PermissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/none` }) },
    because: /does not exist or is not attachable/,
    passes: {
      Role: role(byLambda, { PermissionsBoundary: { Ref: 'Policy' } }),
      Policy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: { PolicyDocument: policy({ Action: 's3:GetObject' }) },
      },
    },
  },
  {
    name: 'IAM: a role’s name is one in the account, whatever its path',
    fails: { Role: role(byLambda, { RoleName: 'function', Path: '/other/' }) },
    because: /Role with name function already exists/,
    passes: { Role: role(byLambda, { Path: '/other/' }) },
  },
  {
    name: 'IAM: inline policies of a role are counted together',
    fails: { One: inline('one', long(6000)), Two: inline('two', long(6000)) },
    because: /Maximum policy size of 10240 bytes exceeded for role function/,
    passes: { One: inline('one', long(4000)), Two: inline('two', long(4000)) },
  },
  {
    name: 'IAM: a managed policy of more than 6,144 characters',
    fails: { Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: long(6200) } } },
    because: /PolicySize: 6144/,
    passes: { Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: long(5000) } } },
  },
]);
