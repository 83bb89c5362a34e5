// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ArtifactLocation } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import type { Objects } from '../ports.ts';

/**
 * Puts a file into the bucket unless it is there. Its newest version counts as there only when S3 itself computed the
 * digest that it should have: who overwrote it gets a newer version above his.
 * @param key holds the file's digest, so that no two files share one
 * @throws {DeployError} `upload_mismatch`
 */
export async function placeFile(
  objects: Objects,
  bucket: string,
  key: string,
  bytes: Uint8Array,
): Promise<ArtifactLocation> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const found = await objects.find(bucket, key);
  if (found?.sha256 === sha256) return { bucket, key, version: found.version, sha256 };
  const put = await objects.put(bucket, key, bytes, sha256);
  if (put.sha256 !== sha256) throw new DeployError('upload_mismatch', `${key} is not what was sent`);
  return { bucket, key, version: put.version, sha256 };
}

/** The same of a file whose digest is known, so that its bytes are only read when they are sent. */
export async function placeLazily(
  objects: Objects,
  bucket: string,
  key: string,
  sha256: string,
  read: () => Promise<Uint8Array>,
): Promise<ArtifactLocation> {
  const found = await objects.find(bucket, key);
  if (found?.sha256 === sha256) return { bucket, key, version: found.version, sha256 };
  return placeFile(objects, bucket, key, await read());
}
