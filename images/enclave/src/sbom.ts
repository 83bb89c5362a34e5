// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Entry } from '@enclave-vault/image-parts';
import { npmPin } from '@enclave-vault/image-parts';
import type { Platform } from './architecture.ts';
import { type Component, npmComponent } from './runtime.ts';

/** Components bundled into the program, by the comments that esbuild leaves before each file. */
export function bundledComponents(bundle: Buffer, path: string): readonly Component[] {
  const found = bundle.toString('utf8').matchAll(/^\/\/ node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//gm);
  const names = new Set([...found].map(([, name = '']) => name));
  return [...names].sort().map((name) => npmComponent(npmPin(name), [path]));
}

/**
 * A software bill of materials: CycloneDX 1.6 as JSON. It says where each file of the image comes from, and has no time or serial number,
 * so that it is as reproducible as the image.
 */
export function sbom(
  platform: Platform,
  entries: readonly Entry[],
  components: readonly Component[],
): string {
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'container',
        name: 'enclave-vault',
        'bom-ref': 'image',
        purl: `pkg:generic/enclave-vault?arch=${platform.architecture}`,
      },
    },
    components: [
      ...components.map(({ name, version, purl, licence, digest, files }) => ({
        type: 'library',
        'bom-ref': purl,
        name,
        version,
        purl,
        licenses: [{ expression: licence }],
        hashes: [{ alg: digest.algorithm, content: digest.hex }],
        properties: files.map((file) => ({ name: 'enclave-vault:file', value: `/${file}` })),
      })),
      ...entries.flatMap(({ path, data }) =>
        data === null
          ? []
          : [
              {
                type: 'file',
                name: `/${path}`,
                hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(data).digest('hex') }],
              },
            ],
      ),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
