// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Architecture, EnvelopeSigner } from '@enclave-vault/eif';
import { type Release, type ReleaseFile, signReleaseBy } from '@enclave-vault/release';
import { ReleaseToolError } from './errors.ts';
import { measureImage } from './image.ts';
import { type Builders, type BuiltPart, buildParts } from './parts.ts';
import { billsOf, readImageBill } from './sbom.ts';

export interface ReleaseInputs {
  readonly version: string;
  /** Path of the enclave image. */
  readonly image: string;
  /** What manifests call the image. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Path of the image's bill of materials, as `npm run image` wrote it. */
  readonly imageSbom?: string | undefined;
  /** Folder that is made, or is empty. */
  readonly out: string;
  /** ms since the epoch. */
  readonly issued: number;
}

export interface MadeRelease {
  readonly release: Release;
  /** Of the image, ms since the epoch. */
  readonly certificateEnds: number;
}

/**
 * Makes a release. The manifest is written last: a folder without one is none.
 * @throws {ReleaseToolError} @throws {ReleaseError} `release_payload_invalid` for a version that is none
 */
export async function makeRelease(
  inputs: ReleaseInputs,
  signer: EnvelopeSigner,
  builders: Builders,
): Promise<MadeRelease> {
  const { version, image, out, issued } = inputs;
  // Cheap things first: a build takes a while.
  await demandEmpty(out);
  const { measurements, certificateEnds } = await measureImage(image, inputs, issued);
  const bill = inputs.imageSbom === undefined ? undefined : await readImageBill(inputs.imageSbom);
  const parts = await buildParts(builders);
  await writable(() => mkdir(out, { recursive: true }));
  const files: Record<string, ReleaseFile> = {};
  const write = async (part: string, { path, bytes }: BuiltPart): Promise<void> => {
    await writable(() => writeFile(join(out, path), bytes));
    files[part] = { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  for (const [part, built] of parts) await write(part, built);
  await write('sbom', billsOf(parts, version, bill));
  files.image = await copy(image, out, 'enclave-vault.eif');
  // What lies in the release is what was measured, whatever happened to the file that was given.
  const copied = await measureImage(join(out, files.image.path), inputs, issued);
  if (JSON.stringify(copied.measurements) !== JSON.stringify(measurements)) {
    throw new ReleaseToolError('image_refused', `${image} changed while it was read`);
  }
  const release: Release = { version, issued, files: files as Release['files'], image: measurements };
  const manifest = await signReleaseBy(release, signer);
  await writable(() => writeFile(join(out, 'release.json'), manifest));
  return { release, certificateEnds };
}

async function copy(from: string, folder: string, path: string): Promise<ReleaseFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measuring = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await writable(() => pipeline(createReadStream(from), measuring, createWriteStream(join(folder, path))));
  return { path, bytes, sha256: hash.digest('hex') };
}

/** A file of an older release that stayed would be taken for one of this. */
async function demandEmpty(folder: string): Promise<void> {
  const there = await readdir(folder).catch(() => []);
  if (there.length > 0) throw new ReleaseToolError('folder_in_use', `${folder} is not empty`);
}

async function writable<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new ReleaseToolError('output_unwritable', `the release cannot be written: ${why}`, { cause });
  }
}
