// SPDX-License-Identifier: Apache-2.0
import { partsOf, type Release } from '@enclave-vault/release';

/** A release for people and for scripts: JSON, its files in the order of the manifest. */
export function describeRelease({ version, issued, files, image }: Release, signedBy?: string): string {
  return JSON.stringify(
    {
      version,
      issued: new Date(issued).toISOString(),
      ...(signedBy === undefined ? {} : { signedBy }),
      image,
      files: Object.fromEntries(partsOf(files).map((part) => [part, files[part]])),
    },
    null,
    2,
  );
}
