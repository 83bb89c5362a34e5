// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openState } from '../src/state.ts';

const AT = Date.UTC(2030, 0, 1);
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evs-'));
  path = join(folder, 'nitro.json');
});
afterEach(async () => rm(folder, { recursive: true }));

describe('openState', () => {
  test('keeps root and signing certificate over a restart, for their owner alone', async () => {
    const first = await openState(path, AT);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['nitro.json']);
    const second = await openState(path, AT + 1);
    expect(second.root.certificate).toEqual(first.root.certificate);
    expect(second.root.privateKey.equals(first.root.privateKey)).toBe(true);
    expect(second.signingCertificate).toEqual(first.signingCertificate);
  });

  test('the root says that it is a development one, and signs itself', async () => {
    const { root } = await openState(null, AT);
    const certificate = new X509Certificate(root.certificate);
    expect(certificate.subject).toContain('development');
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  test('without a file each start is another root', async () => {
    const [first, second] = [await openState(null, AT), await openState(null, AT)];
    expect(first.root.certificate).not.toEqual(second.root.certificate);
    expect(first.signingCertificate).not.toEqual(second.signingCertificate);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a file that others may read is refused', async () => {
    await openState(path, AT);
    await chmod(path, 0o640);
    await expect(openState(path, AT)).rejects.toMatchObject({ code: 'state_permissions', cliCode: 'E18' });
  });

  test.each([
    ['no JSON', () => '{'],
    ['another version', (text: string) => text.replace('"v": 1', '"v": 2')],
    ['no root', () => '{"v":1}'],
    ['a key of another root', (text: string, other: string) => swapRootKey(text, other)],
  ])('%s: refused, and left as it is', async (_, spoil) => {
    await openState(path, AT);
    await openState(join(folder, 'other'), AT);
    const spoiled = spoil(await readFile(path, 'utf8'), await readFile(join(folder, 'other'), 'utf8'));
    await writeFile(path, spoiled);
    await expect(openState(path, AT)).rejects.toMatchObject({ code: 'state_invalid' });
    expect(await readFile(path, 'utf8')).toBe(spoiled);
  });

  test('a folder that is not there is an error, not a state that is lost at the end', async () => {
    await expect(openState(join(folder, 'no', 'file'), AT)).rejects.toThrow();
  });
});

function swapRootKey(text: string, other: string): string {
  const state = JSON.parse(text) as { root: { key: string } };
  state.root.key = (JSON.parse(other) as typeof state).root.key;
  return JSON.stringify(state);
}
