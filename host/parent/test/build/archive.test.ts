// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { readTar } from '@enclave-vault/image-parts';
import { expect, test } from 'vitest';
import { packParent } from '../../build/archive.ts';
import { parentSettingsArchive, SETTINGS_FILES } from '../../build/settings-archive.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const FILES = new Map([
  ['parent.mjs', Buffer.from('program')],
  ['bin/node', Buffer.from('node')],
  ['install.sh', Buffer.from('#!/bin/bash\n')],
]);
/** Permission bits by path, as an archive's headers have them. */
function modes(archive: Buffer): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const tar = gunzipSync(archive);
  for (let at = 0; tar[at] !== 0; ) {
    const text = (offset: number, length: number) =>
      tar.toString('latin1', at + offset, at + offset + length).replace(/\0.*/, '');
    found.set(text(0, 100), text(100, 8));
    at += 512 + Math.ceil(Number.parseInt(text(124, 12), 8) / 512) * 512;
  }
  return found;
}

test('the archive lists every file in it with its digest, itself left out', () => {
  const { bytes, files } = packParent(FILES, 0);
  const members = readTar(gunzipSync(bytes));
  const sums = members.get('SHA256SUMS');
  if (sums === undefined || !('data' in sums)) throw new Error('no list');
  const listed = sums.data
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => line.split('  '));
  expect(listed.map(([, path]) => path)).toEqual(['README', 'bin/node', 'install.sh', 'parent.mjs']);
  for (const [digest, path = ''] of listed) {
    const member = members.get(path);
    expect(member !== undefined && 'data' in member && sha256(member.data)).toBe(digest);
  }
  expect(files.map(({ path }) => path)).toEqual([
    'README',
    'SHA256SUMS',
    'bin/node',
    'install.sh',
    'parent.mjs',
  ]);
});

test('same files, same bytes, whatever their order; one octet more is another archive', () => {
  const { sha256: digest, bytes } = packParent(FILES, 0);
  expect(sha256(bytes)).toBe(digest);
  expect(packParent(new Map([...FILES].reverse()), 0).sha256).toBe(digest);
  expect(packParent(new Map([...FILES, ['parent.mjs', Buffer.from('program.')]]), 0).sha256).not.toBe(digest);
});

test('node and install.sh may be run, and nothing else', () => {
  const executable = [...modes(packParent(FILES, 0).bytes)].filter(
    ([path, mode]) => !path.endsWith('/') && Number.parseInt(mode, 8) === 0o755,
  );
  expect(executable.map(([path]) => path)).toEqual(['bin/node', 'install.sh']);
});

test('settings are one archive whatever the order they are given in, and all six are there', () => {
  const files = Object.fromEntries(SETTINGS_FILES.map((name) => [name, `of ${name}`])) as Record<
    (typeof SETTINGS_FILES)[number],
    string
  >;
  const archive = parentSettingsArchive(files);
  const reversed = Object.fromEntries(Object.entries(files).reverse()) as typeof files;
  expect(parentSettingsArchive(reversed).equals(archive)).toBe(true);
  const members = readTar(gunzipSync(archive));
  expect([...members.keys()]).toEqual([...SETTINGS_FILES]);
  expect(members.get('parent.json')).toEqual({ data: Buffer.from('of parent.json') });
});
