// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { ReleaseError } from './errors.ts';
import type { ReleaseFile } from './release.ts';

/**
 * Reads a file of a release to its end and holds it against the manifest. It reads no byte beyond the size that was
 * signed, so a file that never ends ends here.
 *
 * @param contents of the file, in chunks of any size
 * @throws {ReleaseError} `release_file_other`
 */
export async function checkFile(
  { path, bytes, sha256 }: ReleaseFile,
  contents: AsyncIterable<Uint8Array>,
): Promise<void> {
  const hash = createHash('sha256');
  let read = 0;
  for await (const chunk of contents) {
    read += chunk.length;
    if (read > bytes) break;
    hash.update(chunk);
  }
  if (read !== bytes || hash.digest('hex') !== sha256) {
    throw new ReleaseError('release_file_other', { file: path });
  }
}
