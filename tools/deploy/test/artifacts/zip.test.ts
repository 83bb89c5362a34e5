// SPDX-License-Identifier: Apache-2.0
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { zipWith } from '../../src/artifacts/zip.ts';
import { refusal } from '../support/tools.ts';

const code = (mtime: Date) => zipSync({ 'index.mjs': Buffer.from('export {};') }, { mtime });
const RELEASED = code(new Date(2030, 5, 1));
const text = (zip: Uint8Array, name: string) => Buffer.from(unzipSync(zip)[name] ?? []).toString('utf8');

describe('a zip with settings', () => {
  test('has the code and the files', () => {
    const zip = zipWith(RELEASED, { 'enclave-vault.json': '{"ä":1}', 'root.pem': Buffer.from('PEM') });
    expect(Object.keys(unzipSync(zip)).sort()).toEqual(['enclave-vault.json', 'index.mjs', 'root.pem']);
    expect(text(zip, 'index.mjs')).toBe('export {};');
    expect(text(zip, 'enclave-vault.json')).toBe('{"ä":1}');
  });

  test('is the same bytes for the same files, whatever their order and whenever the code was packed', () => {
    const one = zipWith(RELEASED, { a: '1', b: '2' });
    expect(zipWith(code(new Date(2031, 5, 1)), { b: '2', a: '1' })).toEqual(one);
    expect(zipWith(RELEASED, { a: '1', b: '3' })).not.toEqual(one);
  });

  test('lets everybody read its files: the function runs as another user than unpacks it', () => {
    const zip = zipWith(RELEASED, {});
    const directory = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    // External attributes (APPNOTE.TXT 4.4.15): the mode in the upper half.
    expect(zip.readUInt32LE(directory + 38) >>> 16).toBe(0o100644);
  });

  test('never replaces a file of the release', async () => {
    const action = async () => zipWith(RELEASED, { 'index.mjs': 'evil' });
    expect(await refusal(action())).toMatchObject({ code: 'release_refused' });
  });

  test('is refused when the released one is none, or unpacks to more than there can be', async () => {
    const bomb = zipSync({ zeros: new Uint8Array(65 * 1024 * 1024) });
    for (const bad of [Buffer.from('no zip'), bomb]) {
      expect((await refusal((async () => zipWith(bad, {}))())).code).toBe('release_refused');
    }
  });
});
