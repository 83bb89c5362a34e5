// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { Objects, StoredObject } from '../ports.ts';
import { clientConfig, lazy } from './clients.ts';
import { call, isCalled } from './errors.ts';

/** DeleteObjects takes a thousand at once. */
const BATCH = 1000;

/** The bucket of artifacts. Other accounts' buckets of the name are refused (x-amz-expected-bucket-owner). */
export function awsObjects({
  region,
  partition,
  account,
}: {
  readonly region: string;
  readonly partition: string;
  readonly account: string;
}): Objects {
  const client = lazy(async () => {
    const sdk = await import('@aws-sdk/client-s3');
    return { sdk, s3: new sdk.S3Client(clientConfig(region)) };
  });
  const owner = { ExpectedBucketOwner: account };
  return {
    find: async (Bucket, Key) => {
      const { sdk, s3 } = await client();
      return call('HeadObject', async () => {
        try {
          const { VersionId, ChecksumSHA256 } = await s3.send(
            new sdk.HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED', ...owner }),
          );
          return stored(VersionId, ChecksumSHA256);
        } catch (error) {
          if (isCalled(error, 'NotFound', 'NoSuchKey')) return undefined;
          throw error;
        }
      });
    },
    put: async (Bucket, Key, bytes, sha256) => {
      const { sdk, s3 } = await client();
      const digest = Buffer.from(sha256, 'hex').toString('base64');
      const { VersionId } = await call('PutObject', () =>
        s3.send(new sdk.PutObjectCommand({ Bucket, Key, Body: bytes, ChecksumSHA256: digest, ...owner })),
      );
      return stored(VersionId, digest);
    },
    get: async (Bucket, Key, version) => {
      const { sdk, s3 } = await client();
      return call('GetObject', async () => {
        const { Body } = await s3.send(
          new sdk.GetObjectCommand({ Bucket, Key, VersionId: version, ...owner }),
        );
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      });
    },
    url: (bucket, key, version) => {
      const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
      return `https://${bucket}.s3.${region}.${suffix}/${key}?versionId=${encodeURIComponent(version)}`;
    },
    empty: async (Bucket, locked, onBatch) => {
      const { sdk, s3 } = await client();
      let deleted = 0;
      for (;;) {
        // Always from the start: what was listed is gone.
        const { Versions = [], DeleteMarkers = [] } = await call('ListObjectVersions', async () => {
          try {
            return await s3.send(new sdk.ListObjectVersionsCommand({ Bucket, MaxKeys: BATCH, ...owner }));
          } catch (error) {
            if (isCalled(error, 'NoSuchBucket')) return { Versions: [], DeleteMarkers: [] };
            throw error;
          }
        });
        const all = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
        if (all.length === 0) return deleted;
        const { Errors = [] } = await call('DeleteObjects', () =>
          s3.send(
            new sdk.DeleteObjectsCommand({
              Bucket,
              Delete: { Objects: all, Quiet: true },
              BypassGovernanceRetention: locked,
              ...owner,
            }),
          ),
        );
        const [failed] = Errors;
        if (failed !== undefined) {
          throw new DeployError('deletion_failed', `${Bucket}: ${failed.Key}: ${failed.Code}`, [
            failed.Message ?? '',
          ]);
        }
        deleted += all.length;
        onBatch(deleted);
      }
    },
  };
}

function stored(version: string | undefined, sha256: string | undefined): StoredObject {
  if (version === undefined || version === 'null') {
    throw new DeployError('service_failed', 'the bucket of artifacts keeps no versions');
  }
  return {
    version,
    ...(sha256 === undefined ? {} : { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
  };
}
