// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A path in a folder that is gone after the test file. */
export function temporaryPaths(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'vault-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return (name) => {
    count += 1;
    return join(folder, `${count}-${name}`);
  };
}
