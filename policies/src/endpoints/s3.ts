// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import { PolicyInputError } from '../errors.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { endpointDocument, ofRoles, pass } from './common.ts';

/**
 * The bucket of AL2023's package repositories in a Region (Amazon Linux 2023 User Guide; the address that the image's
 * dnf configuration asks). Its name ends in the same digits in every Region. It is AWS's, and read by nobody in particular.
 */
export function packagesBucket(region: string): string {
  return `al2023-repos-${region}-de612dc2`;
}

/**
 * Policy of the S3 gateway endpoint: the instance role reads artifacts, each by its version; anybody on an instance reads AL2023's packages,
 * and nothing is written or listed anywhere. dnf sends no signature, so its statement can name no principal; what it
 * names is one bucket of AWS and a read. A bucket whose name only begins like that one is somebody else's.
 * @param bucket of artifacts
 * @throws {PolicyInputError}
 */
export function s3EndpointPolicy(home: Home, bucket: string): PolicyDocument {
  checkHome(home);
  const { partition, region, roles } = home;
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new PolicyInputError('invalid_deployment', 'the bucket is not usable in a policy');
  }
  return endpointDocument([
    pass(
      'AllowArtifacts',
      's3:GetObjectVersion',
      `arn:${partition}:s3:::${bucket}/*`,
      ofRoles(home, [roles.instance]),
    ),
    {
      Sid: 'AllowPackages',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:${partition}:s3:::${packagesBucket(region)}/*`,
    },
  ]);
}
