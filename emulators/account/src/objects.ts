// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** A version of an object of S3. */
export interface ObjectVersion {
  readonly versionId: string;
  readonly key: string;
  /** Null: a delete marker. */
  readonly body: Buffer | null;
  /** ms since the epoch */
  readonly modified: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Profile version that AWS Signer signed it under; null for what nobody signed. */
  readonly signedBy: string | null;
}

/** Objects of all buckets, every one of them versioned: the vault's bucket of artifacts is. */
export class Objects {
  readonly #versions = new Map<string, ObjectVersion[]>();
  readonly #now: () => number;
  #counter = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(
    bucket: string,
    key: string,
    body: Buffer | null,
    options: { headers?: Readonly<Record<string, string>>; signedBy?: string } = {},
  ): ObjectVersion {
    this.#counter += 1;
    const version: ObjectVersion = {
      versionId: versionOf(`${bucket} ${this.#counter}`),
      key,
      body,
      modified: this.#now(),
      headers: options.headers ?? {},
      signedBy: options.signedBy ?? null,
    };
    this.#versions.set(bucket, [...this.versions(bucket), version]);
    return version;
  }

  /** The newest version, or the one asked for. Undefined: none, or a delete marker is the newest. */
  get(bucket: string, key: string, versionId?: string): ObjectVersion | undefined {
    const of = this.versions(bucket).filter((version) => version.key === key);
    const found = versionId === undefined ? of.at(-1) : of.find((version) => version.versionId === versionId);
    return found?.body === null ? undefined : found;
  }

  delete(bucket: string, key: string, versionId?: string): void {
    if (versionId === undefined) {
      this.put(bucket, key, null);
      return;
    }
    const left = this.versions(bucket).filter((one) => one.key !== key || one.versionId !== versionId);
    this.#versions.set(bucket, left);
  }

  /** All versions of a bucket, oldest first. */
  versions(bucket: string): ObjectVersion[] {
    return this.#versions.get(bucket) ?? [];
  }
}

/** Of the form that S3 gives: 32 letters, digits, dots and underscores, any of them first. */
function versionOf(seed: string): string {
  return createHash('sha256').update(seed).digest('base64url').replaceAll('-', '.').slice(0, 32);
}
