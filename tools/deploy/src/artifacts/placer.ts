// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ArtifactLocation } from '@enclave-vault/infra';
import type { Objects } from '../ports.ts';
import { placeLazily } from './place-file.ts';
import { rememberedForm, type Signer, signedForm } from './sign.ts';

/** Where files of a deployment go: into the bucket, or nowhere while one only looks. */
export interface Placer {
  /** @param name its last part: the key before that is made of the digest */
  readonly place: (
    folder: 'release' | 'settings',
    name: string,
    sha256: string,
    read: () => Promise<Uint8Array>,
  ) => Promise<ArtifactLocation>;
  /** The same zip, signed; itself where the deployment signs none. */
  readonly sign: (source: ArtifactLocation) => Promise<ArtifactLocation>;
}

const keyOf = (folder: string, sha256: string, name: string): string => `${folder}/${sha256}/${name}`;

export function bucketPlacer(objects: Objects, bucket: string, signer: Signer | null): Placer {
  return {
    place: (folder, name, sha256, read) =>
      placeLazily(objects, bucket, keyOf(folder, sha256, name), sha256, read),
    sign: async (source) => (signer === null ? source : signedForm(signer, source)),
  };
}

/** In place of the version of a file that is not uploaded yet. Only in what is shown: no change set with it is executed. */
export const NOT_UPLOADED = 'not-uploaded-yet';

/** Uploads and signs nothing: says where things are, or would be. */
export function lookingPlacer(objects: Objects, bucket: string, signer: Signer | null): Placer {
  return {
    place: async (folder, name, sha256) => {
      const key = keyOf(folder, sha256, name);
      const found = await objects.find(bucket, key);
      return { bucket, key, sha256, version: found?.sha256 === sha256 ? found.version : NOT_UPLOADED };
    },
    sign: async (source) => {
      if (signer === null) return source;
      const known = source.version === NOT_UPLOADED ? undefined : await rememberedForm(signer, source);
      return (
        known ?? { ...source, key: `signed/${source.sha256}/${NOT_UPLOADED}.zip`, version: NOT_UPLOADED }
      );
    },
  };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
