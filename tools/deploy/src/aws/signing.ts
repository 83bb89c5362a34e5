// SPDX-License-Identifier: Apache-2.0
import type { Signing, SigningJob } from '../ports.ts';
import { clientConfig, lazy } from './clients.ts';
import { call, isCalled } from './errors.ts';

export function awsSigning(region: string): Signing {
  const client = lazy(async () => {
    const sdk = await import('@aws-sdk/client-signer');
    return { sdk, signer: new sdk.SignerClient(clientConfig(region)) };
  });
  return {
    start: async ({ profile, source, prefix }) => {
      const { sdk, signer } = await client();
      const { bucket, key, version } = source;
      const { jobId = '' } = await call('StartSigningJob', () =>
        signer.send(
          new sdk.StartSigningJobCommand({
            profileName: profile,
            source: { s3: { bucketName: bucket, key, version } },
            destination: { s3: { bucketName: bucket, prefix } },
          }),
        ),
      );
      return jobId;
    },
    job: async (id) => {
      const { sdk, signer } = await client();
      return call('DescribeSigningJob', async (): Promise<SigningJob | undefined> => {
        try {
          const job = await signer.send(new sdk.DescribeSigningJobCommand({ jobId: id }));
          const { bucketName, key, version } = job.source?.s3 ?? {};
          const { bucketName: signedBucket, key: signedKey } = job.signedObject?.s3 ?? {};
          return {
            status: job.status ?? 'unknown',
            ...(job.statusReason && { reason: job.statusReason }),
            ...(job.profileVersion && { profileVersion: job.profileVersion }),
            ...(bucketName && key && version && { source: { bucket: bucketName, key, version } }),
            ...(signedBucket && signedKey && { signed: { bucket: signedBucket, key: signedKey } }),
          };
        } catch (error) {
          if (isCalled(error, 'ResourceNotFoundException')) return undefined;
          throw error;
        }
      });
    },
  };
}
