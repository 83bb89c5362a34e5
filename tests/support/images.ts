// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGE } from './glass-vault.ts';

/**
 * A copy of the built image with changes.
 * @param inside a folder that is removed at the end
 * @param change.bundle the text of enclave.mjs, `latin1` so that each byte is one character
 * @returns its folder
 */
export function changedImage(
  inside: string,
  change: {
    readonly bundle?: (text: string) => string;
    readonly flags?: (flags: readonly string[]) => readonly string[];
  },
): string {
  const folder = mkdtempSync(join(inside, 'image-'));
  cpSync(IMAGE, folder, { recursive: true });
  const [bundle, description] = [join(folder, 'enclave.mjs'), join(folder, 'image.json')];
  if (change.bundle !== undefined)
    writeFileSync(bundle, change.bundle(readFileSync(bundle, 'latin1')), 'latin1');
  if (change.flags !== undefined) {
    const image = JSON.parse(readFileSync(description, 'utf8')) as { nodeFlags: readonly string[] };
    writeFileSync(description, JSON.stringify({ ...image, nodeFlags: change.flags(image.nodeFlags) }));
  }
  return folder;
}

/** The bundle with one byte changed, which changes nothing that it does but a word in its log. */
export function oneByteChanged(bundle: string): string {
  const changed = bundle.replace(/"listening"/, '"lIstening"');
  if (changed === bundle || changed.length !== bundle.length) throw new Error('there was nothing to change');
  return changed;
}
