// SPDX-License-Identifier: Apache-2.0
import { viaService } from './arns.ts';
import { BUCKET_CONTROL } from './bucket.ts';
import { checkHome } from './check.ts';
import { allow, document } from './identities.ts';
import { accountPrincipal, administrationAllows, controlDenies, denyAll } from './key-common.ts';
import { confusedDeputyProtection, identityPerimeter, secureTransport } from './perimeter.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

/*
 * What a trail of our own needs: a key, a bucket that nobody but CloudTrail writes to and nobody deletes from, and the
 * right to write a log group. Readers are people of the account, from wherever they work, so no network is demanded.
 */

const CLOUDTRAIL = { Service: 'cloudtrail.amazonaws.com' } as const;

export interface TrailOptions {
  readonly trailArn: string;
  /** `o-…`: the edge is that of the organization. */
  readonly organization?: string | undefined;
}

/**
 * Policy of the key that encrypts the trail's files. CloudTrail encrypts for this trail alone; whoever may read the bucket
 * decrypts by S3 (CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail").
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function trailKeyPolicy(home: Home, { trailArn, organization }: TrailOptions): PolicyDocument {
  checkHome(home);
  const around = { home, organization, actions: 'kms:*', resources: '*' };
  const ofTrail = { 'kms:EncryptionContext:aws:cloudtrail:arn': trailArn };
  return {
    Version: '2012-10-17',
    Id: `${home.name}-trail-key`,
    Statement: [
      ...administrationAllows(home),
      {
        Sid: 'AllowTrailEncryption',
        Effect: 'Allow',
        Principal: CLOUDTRAIL,
        Action: 'kms:GenerateDataKey*',
        Resource: '*',
        Condition: { StringEquals: { ...ofTrail, 'aws:SourceArn': trailArn } },
      },
      {
        Sid: 'AllowTrailToSeeKey',
        Effect: 'Allow',
        Principal: CLOUDTRAIL,
        Action: 'kms:DescribeKey',
        Resource: '*',
        Condition: { StringEquals: { 'aws:SourceArn': trailArn } },
      },
      {
        Sid: 'AllowReadersOfTrail',
        Effect: 'Allow',
        Principal: accountPrincipal(home),
        Action: 'kms:Decrypt',
        Resource: '*',
        Condition: {
          StringEquals: { ...ofTrail, 'kms:ViaService': viaService(home, 's3', home.region) },
        },
      },
      ...controlDenies(home),
      denyAll('DenyGrants', 'kms:CreateGrant'),
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
    ],
  };
}

/**
 * Policy of the trail's bucket. The Denies make it a place to which only CloudTrail adds: files are not deleted, nor
 * replaced, but by the bucket's own lifecycle when their time is over; and that lifecycle, versioning and this policy are
 * changed by the deployment and the break-glass role alone.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function trailBucketPolicy(
  home: Home,
  { trailArn, organization, bucketArn }: TrailOptions & { readonly bucketArn: string },
): PolicyDocument {
  checkHome(home);
  const files = `${bucketArn}/*`;
  const around = { home, organization, actions: 's3:*', resources: [bucketArn, files] };
  const { deployment, breakGlass } = home.roles;
  const deny = (sid: string, actions: readonly string[], condition?: Statement['Condition']): Statement => ({
    Sid: sid,
    Effect: 'Deny',
    Principal: '*',
    Action: actions,
    Resource: files,
    ...(condition === undefined ? {} : { Condition: condition }),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowTrailToSeeBucket',
        Effect: 'Allow',
        Principal: CLOUDTRAIL,
        Action: 's3:GetBucketAcl',
        Resource: bucketArn,
        Condition: { StringEquals: { 'aws:SourceArn': trailArn } },
      },
      {
        Sid: 'AllowTrailDelivery',
        Effect: 'Allow',
        Principal: CLOUDTRAIL,
        Action: 's3:PutObject',
        Resource: `${bucketArn}/AWSLogs/${home.account}/*`,
        Condition: {
          StringEquals: { 'aws:SourceArn': trailArn, 's3:x-amz-acl': 'bucket-owner-full-control' },
        },
      },
      {
        ...denyAll('DenyControlByOthers', BUCKET_CONTROL, {
          ArnNotEqualsIfExists: { 'aws:PrincipalArn': [deployment, breakGlass] },
        }),
        Resource: bucketArn,
      },
      deny('DenyDeletion', [
        's3:BypassGovernanceRetention',
        's3:DeleteObject',
        's3:DeleteObjectTagging',
        's3:DeleteObjectVersion',
        's3:DeleteObjectVersionTagging',
        // Replication from another bucket is neither a Put nor a Delete: it would lay a file, or a deletion, over the evidence.
        's3:ReplicateDelete',
        's3:ReplicateObject',
      ]),
      // Absent for everybody who is no AWS service: then the Deny applies.
      deny('DenyWritingByOthers', ['s3:PutObject', 's3:PutObjectAcl', 's3:PutObjectVersionAcl'], {
        StringNotEquals: { 'aws:PrincipalServiceName': CLOUDTRAIL.Service },
      }),
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
      secureTransport(around),
    ],
  };
}

/**
 * What CloudTrail may do as our role: add to its streams of one log group (CloudTrail User Guide, "Role policy document
 * for CloudTrail to use CloudWatch Logs").
 * @param logGroupArn without `:*`
 */
export function trailRolePolicy(home: Home, logGroupArn: string): PolicyDocument {
  checkHome(home);
  const streams = `${logGroupArn}:log-stream:${home.account}_CloudTrail_${home.region}*`;
  return document([allow('Events', ['logs:CreateLogStream', 'logs:PutLogEvents'], streams)]);
}
