// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { type Architecture, type Eif, EifError, readEif } from '@enclave-vault/eif';
import type { Release } from '@enclave-vault/release';
import { ReleaseToolError } from './errors.ts';

export interface MeasuredImage {
  readonly measurements: Release['image'];
  /** When its signing certificate ends, ms since the epoch: from then on nitro-cli does not start it. */
  readonly certificateEnds: number;
}

const CHUNK = 1024 * 1024;

/**
 * Reads and measures an enclave image as Nitro would.
 * @param now ms since the epoch
 * @throws {ReleaseToolError} `image_*`, `certificate_expired`
 */
export async function measureImage(
  path: string,
  { name, architecture }: { readonly name: string; readonly architecture: Architecture },
  now: number,
): Promise<MeasuredImage> {
  const eif = await read(path);
  const register = (index: number): string | undefined => eif.pcrs.get(index)?.toString('hex');
  const [pcr0, pcr1, pcr2, pcr8] = [0, 1, 2, 8].map(register);
  if (eif.signature === null || pcr8 === undefined) {
    throw new ReleaseToolError('image_unsigned', `${path} is not signed`);
  }
  if (pcr0 === undefined || pcr1 === undefined || pcr2 === undefined) {
    throw new ReleaseToolError('image_refused', `${path} measures to nothing`);
  }
  if (eif.architecture !== architecture) {
    const message = `${path} is for ${eif.architecture}, and the instances are ${architecture}: make the image for that (docs/enclave-image.md)`;
    throw new ReleaseToolError('image_other_architecture', message);
  }
  const certificateEnds = eif.signature.certificate.validToDate.getTime();
  if (certificateEnds <= now) {
    const ended = new Date(certificateEnds).toISOString();
    throw new ReleaseToolError(
      'certificate_expired',
      `the certificate that ${path} is signed under ended ${ended}`,
    );
  }
  return { measurements: { name, architecture, pcr0, pcr1, pcr2, pcr8 }, certificateEnds };
}

async function read(path: string): Promise<Eif> {
  try {
    return await readEif(createReadStream(path, { highWaterMark: CHUNK }));
  } catch (cause) {
    const why =
      cause instanceof EifError ? `is no enclave image that can be run: ${cause.code}` : 'cannot be read';
    throw new ReleaseToolError('image_refused', `${path} ${why}`, { cause });
  }
}
