// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EifError, readEif } from '@enclave-vault/eif';
import {
  checkFile,
  MAX_RELEASE,
  type OptionalPart,
  type Part,
  partsOf,
  type Release,
  ReleaseError,
  verifyRelease,
} from '@enclave-vault/release';
import { DeployError } from '../errors.ts';

/** A release whose signature holds, and that was held against its files. */
export interface OpenedRelease {
  readonly release: Release;
  /** When the certificate of the image ends, ms since the epoch: from then on nitro-cli does not start it. */
  readonly certificateEnds: number;
  /** Bytes of a part, which are those that were signed. @throws {DeployError} `upload_mismatch` when the file was changed since */
  readonly read: (part: Part) => Promise<Buffer>;
}

const CHUNK = 1024 * 1024;

/**
 * Verifies a release: its signature, then each file, then that the image measures to what the manifest says. Of the files
 * everything that is wrong is told at once.
 * @param publicKey PEM
 * @throws {DeployError} `release_refused`
 */
export async function openRelease(folder: string, publicKey: string): Promise<OpenedRelease> {
  const release = await readManifest(folder, publicKey);
  const checked = partsOf(release.files).map((part) => fileProblem(folder, release, part));
  const problems = (await Promise.all(checked)).filter((problem) => problem !== undefined);
  const image = problems.length === 0 ? await judgeImage(folder, release) : undefined;
  problems.push(...(image?.problems ?? []));
  if (problems.length > 0) {
    throw new DeployError(
      'release_refused',
      `the release in ${folder} is not the one that was signed`,
      problems,
    );
  }
  const certificateEnds = image?.certificateEnds ?? 0;
  return { release, certificateEnds, read: (part) => readPart(folder, release, part) };
}

async function readManifest(folder: string, publicKey: string): Promise<Release> {
  const path = join(folder, 'release.json');
  try {
    const bytes = await readWhole(path, MAX_RELEASE);
    return verifyRelease(bytes, publicKey);
  } catch (error) {
    if (error instanceof ReleaseError) throw new DeployError('release_refused', `${path}: ${error.message}`);
    if (error instanceof DeployError) throw error;
    throw new DeployError('release_refused', `${path} cannot be read`);
  }
}

async function fileProblem(
  folder: string,
  { files }: Release,
  part: Part | OptionalPart,
): Promise<string | undefined> {
  const file = files[part];
  if (file === undefined) return undefined;
  try {
    await checkFile(file, createReadStream(join(folder, file.path), { highWaterMark: CHUNK }));
    return undefined;
  } catch (error) {
    return error instanceof ReleaseError ? error.message : `${file.path} cannot be read`;
  }
}

/** A manifest that names other measurements than its image has would make key policies that admit nothing, or something else. */
async function judgeImage(
  folder: string,
  { files, image }: Release,
): Promise<{ readonly problems: readonly string[]; readonly certificateEnds?: number }> {
  let read: Awaited<ReturnType<typeof readEif>>;
  try {
    read = await readEif(createReadStream(join(folder, files.image.path), { highWaterMark: CHUNK }));
  } catch (error) {
    const code = error instanceof EifError ? error.code : 'unreadable';
    return { problems: [`${files.image.path} is no enclave image that can be run: ${code}`] };
  }
  const problems: string[] = [];
  const registers = [
    [0, image.pcr0],
    [1, image.pcr1],
    [2, image.pcr2],
    [8, image.pcr8],
  ] as const;
  for (const [register, expected] of registers) {
    if (read.pcrs.get(register)?.toString('hex') === expected) continue;
    problems.push(`${files.image.path}: PCR${register} is not what the manifest says`);
  }
  if (read.architecture !== image.architecture) {
    problems.push(`${files.image.path} is for ${read.architecture}, the manifest says ${image.architecture}`);
  }
  const certificateEnds = read.signature?.certificate.validToDate.getTime();
  return { problems, ...(certificateEnds === undefined ? {} : { certificateEnds }) };
}

async function readPart(folder: string, { files }: Release, part: Part): Promise<Buffer> {
  const { path, bytes, sha256 } = files[part];
  const read = await readWhole(join(folder, path), bytes);
  // The file was checked a while ago, and these are the bytes that are used.
  if (read.length !== bytes || createHash('sha256').update(read).digest('hex') !== sha256) {
    throw new DeployError('upload_mismatch', `${path} changed since it was verified`);
  }
  return read;
}

async function readWhole(path: string, limit: number): Promise<Buffer> {
  const bytes = await readFile(path);
  if (bytes.length > limit) throw new DeployError('release_refused', `${path} is larger than it may be`);
  return bytes;
}
