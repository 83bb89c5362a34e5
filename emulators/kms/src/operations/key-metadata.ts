// SPDX-License-Identifier: Apache-2.0
import { keyArn } from '../arns.ts';
import type { Service } from '../service.ts';
import { text } from '../shapes.ts';
import { signingOf, usageOf } from '../specs.ts';
import type { KmsKey } from '../state/model.ts';

/** A key policy as a request carries it. Its real limit, 32 KiB, has an error of its own. */
export const policyText = text({ min: 1, max: 131_072, pattern: /^[\t\n\r -\u00ff]+$/ });

/** Seconds since the epoch with milliseconds, as AWS JSON has times. */
export function timestamp(ms: number): number {
  return ms / 1000;
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
export function keyMetadata(service: Service, key: KmsKey): Record<string, unknown> {
  const signing = signingOf(key.spec);
  return {
    AWSAccountId: service.config.account,
    KeyId: key.id,
    Arn: keyArn(service, key.id),
    CreationDate: timestamp(key.createdAt),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: usageOf(key.spec),
    KeyState: key.state,
    ...(key.deletionAt === null ? {} : { DeletionDate: timestamp(key.deletionAt) }),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    MultiRegion: false,
    ...(signing === null
      ? { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'], CurrentKeyMaterialId: key.materials.at(-1)?.id }
      : { SigningAlgorithms: [signing.algorithm] }),
  };
}
