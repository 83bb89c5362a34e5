// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import {
  type ImageMeasurements,
  keyId,
  MAX_MANIFEST,
  type Manifest,
  signManifest,
  verifyManifest,
} from '@enclave-vault/eif';
import { AdminError } from '../errors.ts';
import type { MeasuredImage } from './measured.ts';

/** Registers of a manifest; PCR4 is of one instance only. */
const PINNED = ['PCR0', 'PCR1', 'PCR2', 'PCR3', 'PCR8', 'PCR16'];

/** An image as a manifest names it. */
export function manifestEntry(
  { eif, registers }: MeasuredImage,
  name: string | undefined,
): ImageMeasurements {
  const pinned = Object.entries(registers).filter(([register]) => PINNED.includes(register));
  const { ImageName } = eif.metadata ?? {};
  return {
    name: name ?? (typeof ImageName === 'string' && ImageName !== '' ? ImageName : 'enclave'),
    architecture: eif.architecture,
    ...Object.fromEntries(pinned.map(([register, value]) => [register.toLowerCase(), value])),
  } as ImageMeasurements;
}

/** Private half of the key that manifests are signed with. @throws AdminError `key_unreadable` */
export async function readSigningKey(path: string, passphrase: string | undefined): Promise<KeyObject> {
  const pem = await readText(path);
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    const hint =
      passphrase === undefined && /ENCRYPTED/.test(pem)
        ? ': it is encrypted, and ENCLAVE_VAULT_SIGNING_PASSPHRASE is not set'
        : '';
    throw new AdminError('key_unreadable', `${path} is no private key that can be opened${hint}`);
  }
}

/**
 * Signs a manifest of an image, and of those that the file names already if they are to stay.
 *
 * @throws AdminError `manifest_exists`; EifError when the file there is not signed by the same key
 */
export async function writeManifest(
  path: string,
  image: ImageMeasurements,
  key: KeyObject,
  { merge, now }: { merge: boolean; now: number },
): Promise<Manifest> {
  const before = await readFile(path).catch(() => null);
  if (before !== null && !merge) {
    throw new AdminError(
      'manifest_exists',
      `${path} is there: --merge keeps its images; to begin anew remove it`,
    );
  }
  const kept = before === null ? [] : verifyManifest(before, createPublicKey(key)).images;
  const images = [...kept.filter((other) => !sameRegisters(other, image)), image];
  const manifest = { issued: Math.floor(now / 1000) * 1000, images };
  await replaceFile(path, signManifest(manifest, key));
  return manifest;
}

/** A manifest and the id of the key that signed it. @throws EifError; AdminError `file_unreadable` */
export async function openManifest(
  path: string,
  keyPath: string,
): Promise<{ manifest: Manifest; keyId: string }> {
  const pem = await readText(keyPath);
  const bytes = await readBytes(path);
  const manifest = verifyManifest(bytes.subarray(0, MAX_MANIFEST + 1), pem);
  return { manifest, keyId: keyId(createPublicKey(pem)) };
}

/**
 * The manifest must name an image with these registers. What follows from surroundings that were not given is not compared.
 *
 * @throws AdminError `manifest_mismatch`
 */
export function demandNamed({ images }: Manifest, { name: _, ...image }: ImageMeasurements): void {
  const entries = Object.entries(image);
  const named = images.some((other) => {
    const theirs: ReadonlyMap<string, string> = new Map(Object.entries(other));
    // An unsigned image is another one than the same image signed.
    return entries.every(([member, value]) => theirs.get(member) === value) && other.pcr8 === image.pcr8;
  });
  if (!named) {
    throw new AdminError(
      'manifest_mismatch',
      'the manifest names no image that measures to the same registers',
    );
  }
}

function sameRegisters(one: ImageMeasurements, other: ImageMeasurements): boolean {
  const key = ({ name: _, ...rest }: ImageMeasurements) => JSON.stringify(Object.entries(rest).sort());
  return key(one) === key(other);
}

/** All of it or nothing, also when the machine stops in the middle. */
async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  const partial = `${path}.${randomUUID()}`;
  try {
    await writeFile(partial, bytes, { flush: true });
    await rename(partial, path);
  } catch {
    await rm(partial, { force: true });
    throw new AdminError('file_unwritable', `${path} cannot be written`);
  }
}

async function readText(path: string): Promise<string> {
  return (await readBytes(path)).toString('utf8');
}

async function readBytes(path: string): Promise<Buffer> {
  return readFile(path).catch(() => {
    throw new AdminError('file_unreadable', `${path} cannot be read`);
  });
}
