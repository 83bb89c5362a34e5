// SPDX-License-Identifier: Apache-2.0
import { arnIn, bucketArns, regionsOf, viaService } from '../arns.ts';
import { checkHome } from '../check.ts';
import { deployGrants } from '../deployer.ts';
import { allow, anyKeys, document } from '../identities.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { logs } from './common.ts';

/**
 * The deploy command in the pipeline: what a person's every-day run has, less what takes away. It deletes no file and signs no release,
 * and it cannot change a role, the boundaries, or the pipeline that it is in.
 */
export function deployBoundary(home: Home): PolicyDocument {
  checkHome(home);
  const ours = { StringEquals: { 'aws:ResourceAccount': home.account } };
  return document([
    ...deployGrants(home),
    allow(
      'Files',
      [
        's3:GetBucketAcl',
        's3:GetBucketLocation',
        's3:GetBucketVersioning',
        's3:GetObject',
        's3:GetObjectVersion',
        's3:ListBucket',
      ],
      [...bucketArns(home, 'artifacts'), ...bucketArns(home, 'pipeline')],
      ours,
    ),
    allow('Place', 's3:PutObject', bucketArns(home, 'artifacts')[1], ours),
    allow('FilesKey', ['kms:Decrypt', 'kms:GenerateDataKey'], anyKeys(home), {
      StringEquals: { 'kms:ViaService': regionsOf(home).map((region) => viaService(home, 's3', region)) },
    }),
    allow(
      'Signing',
      ['signer:DescribeSigningJob', 'signer:GetSigningProfile', 'signer:StartSigningJob'],
      [arnIn(home, 'signer', '/signing-profiles/*'), arnIn(home, 'signer', '/signing-jobs/*')],
    ),
    logs(home, [`/${home.name}/*`]),
  ]);
}
