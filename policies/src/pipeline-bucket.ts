// SPDX-License-Identifier: Apache-2.0
import { BUCKET_CHANGES, BUCKET_CONTROL, BUCKET_DELETION, encryptionDenies } from './bucket.ts';
import { checkHome } from './check.ts';
import { denyAll } from './key-common.ts';
import { confusedDeputyProtection, identityPerimeter, type Perimeter, secureTransport } from './perimeter.ts';
import { pipelineObjects } from './pipeline.ts';
import { roleArn } from './roles.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

/**
 * Policy of the bucket in which the pipeline passes files on: it only denies. Each artifact has one writer, so that the build, which
 * runs what nobody has approved, exchanges neither the source that is deployed from nor anything else.
 * What the build has made it may overwrite; the deployment compares it with the digest that was approved.
 * No network: CodePipeline and CodeBuild work from outside the VPC.
 * @param keyArn ARN of the bucket's key, or within its own stack a reference to it
 * @throws {PolicyInputError}
 */
export function pipelineBucketPolicy(
  home: Home,
  {
    bucket,
    keyArn,
    organization,
  }: { readonly bucket: string; readonly keyArn: string; readonly organization?: string | undefined },
): PolicyDocument {
  checkHome(home, organization);
  const { partition, name, roles, deployers = [] } = home;
  const [pipeline, build, deploy] = (['pipeline', 'build', 'deploy'] as const).map((role) =>
    roleArn(home, role),
  ) as [string, string, string];
  const arn = `arn:${partition}:s3:::${bucket}`;
  const objects = `${arn}/*`;
  const source = pipelineObjects(home, 'source');
  const release = pipelineObjects(home, 'release');
  const controllers = [roles.deployment, roles.breakGlass];
  const on = (resources: string | readonly string[], statement: Statement): Statement => ({
    ...statement,
    Resource: resources,
  });
  const around: Perimeter = { home, organization, actions: 's3:*', resources: [arn, objects] };
  return {
    Version: '2012-10-17',
    Id: `${name}-pipeline`,
    Statement: [
      on(arn, denyOthers('DenyControlByOthers', BUCKET_CONTROL, controllers)),
      on(objects, denyOthers('DenyPlacingByOthers', 's3:PutObject', [pipeline, build])),
      on(source, denyOthers('DenySourceByOthers', 's3:PutObject', [pipeline])),
      on(release, denyOthers('DenyReleaseByOthers', 's3:PutObject', [build])),
      on(
        objects,
        denyOthers(
          'DenyFetchingByOthers',
          ['s3:GetObject', 's3:GetObjectVersion'],
          [pipeline, build, deploy, roles.breakGlass],
        ),
      ),
      // `npm run destroy` empties it.
      on(objects, denyOthers('DenyDeletionByOthers', BUCKET_DELETION, [...deployers, roles.breakGlass])),
      // The deploy command of the pipeline is a deployer, and empties nothing.
      on(
        objects,
        denyAll('DenyDeletionByPipeline', BUCKET_DELETION, { ArnEquals: { 'aws:PrincipalArn': deploy } }),
      ),
      on(objects, denyAll('DenyChanges', BUCKET_CHANGES)),
      ...encryptionDenies(objects, keyArn),
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
      secureTransport(around),
    ],
  };
}

/** A Deny for everybody but the roles named; a service as itself has no ARN and is among everybody. */
function denyOthers(sid: string, actions: string | readonly string[], roles: readonly string[]): Statement {
  return denyAll(sid, actions, { ArnNotEqualsIfExists: { 'aws:PrincipalArn': roles } });
}
