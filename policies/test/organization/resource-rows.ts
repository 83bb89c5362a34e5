// SPDX-License-Identifier: Apache-2.0
import {
  ACCOUNT,
  admin,
  anonymous,
  api,
  deployer,
  inside,
  key,
  linked,
  loner,
  OTHER,
  object,
  PARTNER,
  partner,
  type Row,
  role,
  service,
  stranger,
} from './support.ts';

/** Asked of the policy for resources of every account. */
export const RESOURCES: readonly Row[] = [
  ...[
    'kms:Decrypt',
    's3:GetObject',
    'secretsmanager:GetSecretValue',
    'sqs:SendMessage',
    'sts:AssumeRole',
  ].flatMap((action): Row[] => [
    [`${action} by one of ours`, 'allow', { by: admin, action }],
    [`${action} by another organization`, 'EnforceOrgIdentities', { by: stranger, action }],
    [`${action} by an account of none`, 'EnforceOrgIdentities', { by: loner, action }],
    [`${action} by nobody`, 'EnforceOrgIdentities', { by: anonymous, action }],
    [`${action} by a partner`, 'allow', { by: partner, action }],
    [
      `${action} by a service for us`,
      'allow',
      { by: service, action, context: { 'aws:SourceAccount': ACCOUNT, 'aws:SourceOrgID': 'o-exampleorgid' } },
    ],
    [
      `${action} by a service for others`,
      'EnforceConfusedDeputyProtection',
      { by: service, action, context: { 'aws:SourceAccount': OTHER, 'aws:SourceOrgID': 'o-somebodyelse' } },
    ],
    [
      `${action} by a service for an account of none`,
      'EnforceConfusedDeputyProtection',
      { by: service, action, context: { 'aws:SourceAccount': OTHER } },
    ],
    [
      `${action} by a service for a partner`,
      'allow',
      { by: service, action, context: { 'aws:SourceAccount': PARTNER, 'aws:SourceOrgID': 'o-somebodyelse' } },
    ],
    [
      `${action} by one of ours, for whatever account`,
      'allow',
      { by: admin, action, context: { 'aws:SourceAccount': OTHER } },
    ],
    [`${action} by a service that does not say`, 'allow', { by: service, action }],
  ]),
  // What resource control policies do not cover: the table's own policy says it.
  [
    'dynamodb:GetItem by another organization',
    'allow',
    {
      by: stranger,
      action: 'dynamodb:GetItem',
      resource: `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/vault-records`,
    },
  ],
];

/** Asked of the policy for resources of vaults' accounts. */
export const NETWORK: readonly Row[] = [
  ...(
    [
      ['kms:Decrypt', key],
      ['s3:GetObject', object],
    ] as const
  ).flatMap(([action, resource]): Row[] => [
    [`${action} from the network`, 'allow', { by: api, action, resource, context: inside }],
    [`${action} from outside`, 'EnforceNetworkPerimeter', { by: api, action, resource }],
    [
      `${action} from another VPC`,
      'EnforceNetworkPerimeter',
      { by: admin, action, resource, context: { 'aws:SourceVpc': 'vpc-0cccc' } },
    ],
    [
      `${action} from a VPC of the same id in another Region`,
      'SourceVPCRegion1',
      {
        by: api,
        action,
        resource,
        context: { 'aws:SourceVpc': 'vpc-0aaaa', 'aws:RequestedRegion': 'us-east-1' },
      },
    ],
    [
      `${action} from the second network in its Region`,
      'allow',
      {
        by: api,
        action,
        resource,
        context: { 'aws:SourceVpc': 'vpc-0bbbb', 'aws:RequestedRegion': 'eu-west-1' },
      },
    ],
    [
      `${action} from the second network’s id elsewhere`,
      'SourceVPCRegion2',
      {
        by: api,
        action,
        resource,
        context: { 'aws:SourceVpc': 'vpc-0bbbb', 'aws:RequestedRegion': 'us-east-1' },
      },
    ],
    [`${action} by a deployer from a laptop`, 'allow', { by: deployer, action, resource }],
    [`${action} by one who changes no roles`, 'allow', { by: role('people/everyday'), action, resource }],
    [`${action} by a service`, 'allow', { by: service, action, resource }],
    [
      `${action} through a service`,
      'allow',
      { by: api, action, resource, context: { 'aws:ViaAWSService': 'true' } },
    ],
    [`${action} by a service-linked role`, 'allow', { by: linked, action, resource }],
    ...['deployment', 'break-glass', 'build', 'deploy', 'pipeline'].map(
      (name): Row => [`${action} by ${name}`, 'allow', { by: role(`vault/vault-${name}`), action, resource }],
    ),
    [
      `${action} by a role that only looks like it`,
      'EnforceNetworkPerimeter',
      { by: role('vault-deployment'), action, resource },
    ],
  ]),
];
