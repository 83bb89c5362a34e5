// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRelease } from '../../src/release/open.ts';
import { PROJECT_KEY, releaseFixture } from '../support/release-fixture.ts';
import { refusal } from '../support/tools.ts';

const opened = (folder: string, key = PROJECT_KEY) => openRelease(folder, key);

describe('a release', () => {
  test('that is whole is opened, and hands out what was signed', async () => {
    const { folder, release } = await releaseFixture('1.0.0');
    const { release: read, read: bytes } = await opened(folder);
    expect(read).toEqual(release);
    expect(await bytes('parent')).toEqual(Buffer.from('parent 1.0.0'));
  });

  test('that another key signed is refused before a file is looked at', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const { folder } = await releaseFixture('1.0.0', '1.0.0', { by: privateKey });
    await rm(join(folder, 'api.zip'));
    const { code, text } = await refusal(opened(folder));
    expect(code).toBe('release_refused');
    expect(text).toContain('not signed by this key');
    expect(text).not.toContain('api.zip');
  });

  test('whose manifest was changed after it was signed is refused', async () => {
    const { folder } = await releaseFixture('1.0.0');
    const path = join(folder, 'release.json');
    const envelope = JSON.parse(await readFile(path, 'utf8')) as { payload: string };
    const payload = Buffer.from(envelope.payload, 'base64').toString('utf8').replace('1.0.0', '9.0.0');
    await writeFile(path, JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }));
    expect((await refusal(opened(folder))).text).toContain('not signed by this key');
  });

  test('tells every file that is not the one that was signed', async () => {
    const { folder } = await releaseFixture('1.0.0');
    await appendFile(join(folder, 'api.zip'), 'x');
    await writeFile(join(folder, 'parent.tar.gz'), 'parent 6.6.6');
    await rm(join(folder, 'smoke.zip'));
    const { text } = await refusal(opened(folder));
    expect(text).toContain('is not the one that was signed: api.zip');
    expect(text).toContain('is not the one that was signed: parent.tar.gz');
    expect(text).toContain('smoke.zip cannot be read');
    expect(text).not.toContain('authorizer.zip');
  });

  test.each([
    ['pcr0', 'PCR0'],
    ['pcr1', 'PCR1'],
    ['pcr2', 'PCR2'],
    ['pcr8', 'PCR8'],
  ] as const)(
    'whose image does not measure to its %s is refused, signed as it is',
    async (register, name) => {
      const { folder } = await releaseFixture('1.0.0', '1.0.0', {
        image: (image) => ({ ...image, [register]: '1'.repeat(96) }),
      });
      const { code, text } = await refusal(opened(folder));
      expect(code).toBe('release_refused');
      expect(text).toContain(`enclave-vault.eif: ${name} is not what the manifest says`);
    },
  );

  test('whose image is for another processor than its manifest says is refused', async () => {
    const { folder } = await releaseFixture('1.0.0', '1.0.0', {
      image: (image) => ({ ...image, architecture: 'x86_64' }),
    });
    expect((await refusal(opened(folder))).text).toContain('is for aarch64, the manifest says x86_64');
  });

  test('whose file is exchanged after it was verified is not uploaded', async () => {
    const { folder } = await releaseFixture('1.0.0');
    const { read } = await opened(folder);
    await writeFile(join(folder, 'parent.tar.gz'), 'parent 6.6.6');
    expect((await refusal(read('parent'))).code).toBe('upload_mismatch');
  });

  test('that is not there is refused', async () => {
    expect((await refusal(opened('/nowhere'))).text).toContain('/nowhere/release.json cannot be read');
  });
});
