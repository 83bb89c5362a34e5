// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readTar, tar, tarGzip, tree } from '@enclave-vault/image-parts';
import { describe, expect, test } from 'vitest';

const noise = randomBytes(70_000);
const ENTRIES = tree([
  { path: 'bin/node', mode: 0o755, data: noise },
  { path: 'parent.mjs', mode: 0o644, data: Buffer.from('a program, a program, a program\n'.repeat(200)) },
]);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('tarGzip', () => {
  test('is what GNU tar unpacks, modes and contents', () => {
    const folder = mkdtempSync(join(tmpdir(), 'evt-'));
    try {
      writeFileSync(join(folder, 'a.tar.gz'), tarGzip(ENTRIES, 0));
      execFileSync('tar', ['-xzf', 'a.tar.gz', '--no-same-owner'], { cwd: folder });
      expect(readFileSync(join(folder, 'bin/node')).equals(noise)).toBe(true);
      expect(statSync(join(folder, 'bin/node')).mode & 0o777).toBe(0o755);
      expect(statSync(join(folder, 'parent.mjs')).mode & 0o777).toBe(0o644);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('holds the very archive that tar makes', () => {
    expect(gunzipSync(tarGzip(ENTRIES, 0)).equals(tar(ENTRIES, 0))).toBe(true);
    expect(readTar(gunzipSync(tarGzip(ENTRIES, 7))).get('bin/node')).toEqual({ data: noise });
  });

  test('the same entries are the same bytes; another time, mode or octet is another archive', () => {
    const [first] = ENTRIES;
    const digest = sha256(tarGzip(ENTRIES, 0));
    expect(sha256(tarGzip(tree([...ENTRIES].reverse()), 0))).toBe(digest);
    expect(sha256(tarGzip(ENTRIES, 1))).not.toBe(digest);
    expect(first?.path).toBe('bin');
    const changed = ENTRIES.map((entry) =>
      entry.path === 'parent.mjs' ? { ...entry, mode: 0o755 as const } : entry,
    );
    expect(sha256(tarGzip(changed, 0))).not.toBe(digest);
  });

  test('bytes known from another machine: neither the clock nor the system nor the processor is in them', () => {
    const entries = tree([{ path: 'a', mode: 0o644, data: Buffer.from('abcabcabcabc'.repeat(50)) }]);
    const bytes = tarGzip(entries, 0);
    // RFC 1952: no time in octets 4 to 7, 255 for an unknown system in octet 9.
    expect([...bytes.subarray(0, 4), ...bytes.subarray(4, 8), bytes[9]]).toEqual([
      31, 139, 8, 0, 0, 0, 0, 0, 255,
    ]);
    expect(sha256(bytes)).toBe('ecc7e08810f4adec85477b19c62d2694c0ee0c17715d9fe548d1afc25e289090');
  });
});
