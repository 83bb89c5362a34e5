// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { EifError } from './errors.ts';

/** Bytes of a register: SHA-384. */
export const REGISTER_LENGTH = 48;

/** A register that was zero, extended once (AWS, "Understanding cryptographic attestation"; as a TPM does). */
export function extended(data: Uint8Array | string): Buffer {
  return createHash('sha384').update(Buffer.alloc(REGISTER_LENGTH)).update(data).digest();
}

export const sha384 = (data: Uint8Array): Buffer => createHash('sha384').update(data).digest();

/**
 * PCR3: the role of the parent instance. Nitro measures the ARN itself, without hashing it before.
 *
 * @throws EifError `role_arn_invalid`: an instance profile or an assumed role is not what is measured
 */
export function pcr3(roleArn: string): Buffer {
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/[\x21-\x7e]{1,575}$/.test(roleArn))
    throw new EifError('role_arn_invalid');
  return extended(roleArn);
}

/** PCR4: the parent instance's id, likewise. @throws EifError `instance_id_invalid` */
export function pcr4(instanceId: string): Buffer {
  if (!/^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(instanceId)) throw new EifError('instance_id_invalid');
  return extended(instanceId);
}

/** PCR16: the configuration given at boot, which the program hashes, extends and locks before anything else. */
export function pcr16(configuration: Uint8Array): Buffer {
  return extended(sha384(configuration));
}
