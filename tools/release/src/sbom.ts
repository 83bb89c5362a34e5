// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { zipOf } from '@enclave-vault/deploy/zip';
import { billOfMaterials } from '@enclave-vault/image-parts';
import { ReleaseToolError } from './errors.ts';
import type { BuiltPart, SourcePart } from './parts.ts';

/** Bytes of a bill: the image's has a few hundred lines. */
const MAX_BILL = 4 * 1024 * 1024;

/**
 * The bills of materials of a release as one zip file, a CycloneDX document for each part: `api.cdx.json` and so on, and
 * `image.cdx.json` where it is given. Same parts, same bytes.
 */
export function billsOf(
  parts: ReadonlyMap<SourcePart, BuiltPart>,
  version: string,
  image?: Buffer,
): BuiltPart {
  const bills = [...parts].map(
    ([part, built]) => [`${part}.cdx.json`, billOf(part, built, version)] as const,
  );
  const files = Object.fromEntries([...bills, ...(image === undefined ? [] : [['image.cdx.json', image]])]);
  return { path: 'sbom.zip', bytes: zipOf(files) };
}

/** Of one part: what is in its file, and which file that is. */
export function billOf(
  part: SourcePart,
  { path, bytes, components = [] }: BuiltPart,
  version: string,
): string {
  return billOfMaterials({
    type: 'application',
    name: `enclave-vault-${part}`,
    version,
    digest: { algorithm: 'SHA-256', hex: createHash('sha256').update(bytes).digest('hex') },
    properties: [['enclave-vault:file', path]],
    components,
  });
}

/**
 * The image's bill, which is made with the image: it goes into the release as it is.
 * @throws {ReleaseToolError} `sbom_refused` when it is none of an enclave image
 */
export async function readImageBill(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch(() => {
    throw new ReleaseToolError('sbom_refused', `${path} cannot be read`);
  });
  const refused = new ReleaseToolError('sbom_refused', `${path} is no bill of materials of an enclave image`);
  if (bytes.length > MAX_BILL) throw refused;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw refused;
  }
  if (typeof value !== 'object' || value === null) throw refused;
  const { bomFormat, specVersion, metadata } = value as {
    readonly bomFormat?: unknown;
    readonly specVersion?: unknown;
    readonly metadata?: { readonly component?: { readonly type?: unknown } };
  };
  if (bomFormat !== 'CycloneDX' || specVersion !== '1.6' || metadata?.component?.type !== 'container')
    throw refused;
  return bytes;
}
