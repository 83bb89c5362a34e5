// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from '@enclave-vault/image-parts';

export const DOCKERFILE = join(import.meta.dirname, '../Dockerfile');

/**
 * The Dockerfile, once it is sure that it starts the program as the program is to be started.
 *
 * @throws ImageError `entrypoint_differs`
 */
export function dockerfileFor(
  entrypoint: readonly string[],
  text = readFileSync(DOCKERFILE, 'utf8'),
): string {
  const found = entrypointOf(text);
  if (JSON.stringify(found) !== JSON.stringify(entrypoint)) {
    throw new ImageError(
      'entrypoint_differs',
      `ENTRYPOINT of images/enclave/Dockerfile must be ${JSON.stringify(entrypoint)}`,
    );
  }
  return text;
}

/** Its only ENTRYPOINT in exec form; null where there is none, or several. */
function entrypointOf(text: string): unknown {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^\s*(?:ENTRYPOINT|CMD)\b/i.test(line));
  const list = lines.length === 1 ? /^ENTRYPOINT (\[.*\])\s*$/.exec(lines[0] ?? '')?.[1] : undefined;
  try {
    return list === undefined ? null : JSON.parse(list);
  } catch {
    return null;
  }
}
