// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ArtifactLocation } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Objects, Signing } from '../ports.ts';
import { placeFile } from './place-file.ts';

export interface Signer {
  readonly objects: Objects;
  readonly signing: Signing;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly profile: {
    readonly name: string;
    /** ARN of the version of the profile that the functions' code signing configuration trusts. */
    readonly versionArn: string;
  };
}

/** What the index remembers of a job. A hint: what it says is asked of Signer and S3 before it counts. */
interface Remembered {
  readonly job: string;
  readonly key: string;
  readonly version: string;
  readonly sha256: string;
}

/**
 * The signed form of a zip file. It is signed once: an object in the bucket remembers the job of a source under a version of the
 * profile, and Signer itself says whether that job signed this very version of it.
 * @throws {DeployError} `signing_failed`
 */
export async function signedForm(signer: Signer, source: ArtifactLocation): Promise<ArtifactLocation> {
  const { objects, signing, profile } = signer;
  const { bucket } = source;
  const known = await rememberedForm(signer, source);
  if (known !== undefined) return known;
  const job = await signing.start({ profile: profile.name, source, prefix: `signed/${source.sha256}/` });
  const key = await ended(signer, job, source);
  const found = await objects.find(bucket, key);
  if (found === undefined) throw new DeployError('signing_failed', `Signer left no ${key}`);
  const bytes = await objects.get(bucket, key, found.version);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const entry: Remembered = { job, key, version: found.version, sha256 };
  await placeFile(objects, bucket, indexKey(signer, source), Buffer.from(JSON.stringify(entry)));
  return { bucket, key, version: found.version, sha256 };
}

async function ended(
  { signing, clock, limits }: Signer,
  id: string,
  source: ArtifactLocation,
): Promise<string> {
  const deadline = clock.now() + limits.signing;
  for (;;) {
    const job = await signing.job(id);
    if (job?.status === 'Succeeded' && job.signed !== undefined) return job.signed.key;
    if (job === undefined || job.status === 'Failed' || clock.now() >= deadline) {
      const why = job?.reason ?? (job?.status === 'Failed' ? 'no reason given' : 'it did not end in time');
      throw new DeployError('signing_failed', `${source.key} was not signed: ${why}`);
    }
    await clock.sleep(limits.poll);
  }
}

function versionOf({ profile }: Signer): string {
  return profile.versionArn.split('/').at(-1) ?? '';
}

function indexKey(signer: Signer, { sha256 }: ArtifactLocation): string {
  return `signing/${versionOf(signer)}/${sha256}.json`;
}

/** The signed form that an earlier run made; undefined where there is none, or none that still is what it was. */
export async function rememberedForm(
  signer: Signer,
  source: ArtifactLocation,
): Promise<ArtifactLocation | undefined> {
  const { objects, signing } = signer;
  const { bucket, key, version } = source;
  const index = indexKey(signer, source);
  const found = await objects.find(bucket, index);
  if (found === undefined) return undefined;
  const entry = parse(await objects.get(bucket, index, found.version));
  if (entry === undefined) return undefined;
  const job = await signing.job(entry.job);
  const genuine =
    job?.status === 'Succeeded' &&
    job.profileVersion === versionOf(signer) &&
    job.source?.bucket === bucket &&
    job.source.key === key &&
    job.source.version === version &&
    job.signed?.bucket === bucket &&
    job.signed.key === entry.key;
  // Signer names the object but no version of it: only the newest one is taken, and only if its bytes are those remembered.
  const object = genuine ? await objects.find(bucket, entry.key) : undefined;
  if (object === undefined || object.version !== entry.version) return undefined;
  return { bucket, key: entry.key, version: entry.version, sha256: entry.sha256 };
}

function parse(bytes: Buffer): Remembered | undefined {
  try {
    const { job, key, version, sha256 } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if ([job, key, version, sha256].some((one) => typeof one !== 'string')) return undefined;
    return { job, key, version, sha256 } as Remembered;
  } catch {
    return undefined;
  }
}
