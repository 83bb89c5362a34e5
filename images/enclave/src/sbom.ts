// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type BomComponent, billOfMaterials, bundledPackages, type Entry } from '@enclave-vault/image-parts';
import type { Platform } from './architecture.ts';
import type { Component } from './runtime.ts';

/**
 * What is bundled into the program, packages of ours and of others, by the comments that esbuild leaves before each file. That they name
 * what the bundler read is a test's.
 */
export function bundledComponents(bundle: Buffer): readonly BomComponent[] {
  const found = bundle.toString('utf8').matchAll(/^\/\/ ((?:node_modules|trusted)\/\S+)$/gm);
  return bundledPackages([...found].map(([, path = '']) => path));
}

/**
 * What Nitro's tools put around the root file system (AWS Nitro Enclaves CLI, blobs). They are AWS's, of the version that is installed where the
 * image is made, and measured: PCR0 covers all of them, PCR1 kernel, command line and first ramdisk.
 */
const AROUND: readonly BomComponent[] = (
  [
    ['operating-system', 'linux', 'kernel'],
    ['application', 'init', 'init'],
    ['device-driver', 'nsm', 'nsm.ko'],
  ] as const
).map(([type, name, file]) => ({
  type,
  name,
  purl: `pkg:rpm/amzn/aws-nitro-enclaves-cli-devel#${file}`,
  properties: [
    ['enclave-vault:file', file],
    ['enclave-vault:pinned-by', 'PCR0 PCR1'],
  ],
}));

/**
 * A software bill of materials: CycloneDX 1.6 as JSON. It says where each file of the image comes from, and is as reproducible as the image.
 */
export function sbom(
  platform: Platform,
  entries: readonly Entry[],
  components: readonly Component[],
  bundled: readonly BomComponent[],
): string {
  return billOfMaterials({
    type: 'container',
    name: 'enclave-vault',
    purl: `pkg:generic/enclave-vault?arch=${platform.architecture}`,
    components: [
      ...components.map(({ files, ...rest }) => ({
        type: 'library' as const,
        ...rest,
        properties: files.map((file) => ['enclave-vault:file', `/${file}`] as const),
      })),
      ...bundled,
      ...AROUND,
      ...entries.flatMap(({ path, data }) =>
        data === null
          ? []
          : [
              {
                type: 'file' as const,
                name: `/${path}`,
                digest: {
                  algorithm: 'SHA-256' as const,
                  hex: createHash('sha256').update(data).digest('hex'),
                },
              },
            ],
      ),
    ],
  });
}
