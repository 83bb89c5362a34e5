// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KmsLog } from '../../bench/system/kms-log.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ev-kms-log-'));
  path = join(folder, 'kms-events.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const added = (log: KmsLog): string | undefined => log.added()?.toString('latin1');

describe('What came into KMS’s log', () => {
  it('is known across a log that was full, also while there is none under the name', () => {
    writeFileSync(path, 'a\n');
    const log = new KmsLog(path);
    expect(added(log)).toBe('a\n');
    appendFileSync(path, 'b\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'c\n');
    expect(added(log)).toBe('b\nc\n');
    appendFileSync(path, 'd\n');
    renameSync(path, `${path}.1`);
    expect(added(log)).toBe('d\n');
    // Longer than the one before was: by its size alone it would be the same file.
    writeFileSync(path, 'e\nf\ng\nh\n');
    expect([added(log), added(log)]).toEqual(['e\nf\ng\nh\n', '']);
  });

  it('is not known when the log was begun anew twice, or is gone', () => {
    writeFileSync(path, 'a\n');
    const log = new KmsLog(path);
    log.added();
    // Both stay, so that neither gets the place of the first on the disk.
    renameSync(path, join(folder, 'first'));
    writeFileSync(`${path}.1`, 'b\nc\n');
    writeFileSync(path, 'd\n');
    expect([added(log), added(log)]).toEqual([undefined, '']);
    rmSync(path);
    expect(added(log)).toBeUndefined();
  });
});
