// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { extendZero, REGISTER_LENGTH } from '../nsm/registers.ts';
import type { ImageDigests } from './sections.ts';

/** What is measured of the surroundings rather than of the image. */
export interface Surroundings {
  /** ARN of the role of the parent instance. */
  roleArn: string;
  instanceId: string;
  /** DER of the certificate that the image is signed with. */
  signingCertificate: Uint8Array;
}

/** Registers 0-4 and 8 of one enclave, as an EIF would have them (aws-facts, "Enclave image file"). */
export function measuredRegisters(digests: ImageDigests, surroundings: Surroundings): Map<number, Buffer> {
  const certificate = createHash('sha384').update(surroundings.signingCertificate).digest();
  return new Map([
    [0, extendZero(digests.image)],
    [1, extendZero(digests.runtime)],
    [2, extendZero(digests.bundle)],
    // These two without the inner hash.
    [3, extendZero(surroundings.roleArn)],
    [4, extendZero(surroundings.instanceId)],
    [8, extendZero(certificate)],
  ]);
}

/** Registers 0-2 are zero in a debug enclave: its memory and console are open to the parent, so it proves nothing. */
export function inDebugMode(registers: ReadonlyMap<number, Buffer>): Map<number, Buffer> {
  const zero = Buffer.alloc(REGISTER_LENGTH);
  return new Map([...registers, [0, zero], [1, zero], [2, zero]]);
}

export type MeasurementsJson = Readonly<Record<string, string>>;

/** In nitro-cli's shape: the name of the hash as it prints it, and the registers in lower-case hex. */
export function measurementsJson(
  registers: ReadonlyMap<number, Buffer>,
  indexes: readonly number[],
): MeasurementsJson {
  const entries = indexes.flatMap((index) => {
    const value = registers.get(index);
    return value === undefined ? [] : [[`PCR${index}`, value.toString('hex')] as const];
  });
  return Object.fromEntries([['HashAlgorithm', 'Sha384 { ... }'], ...entries]);
}
