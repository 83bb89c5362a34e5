// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync } from 'node:crypto';
import { appendFile, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTS, verifyRelease } from '@enclave-vault/release';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { pcr0Of, SAMPLE } from '../../../verifier/eif/test/write-eif.ts';
import { BUILDERS, buildParts } from '../src/parts.ts';
import { bench, MAKE, NOW, QUICK } from './support.ts';

const VERIFY = ['--verify', 'out', '--key', 'project.pem'] as const;

describe('a release that is made', () => {
  test('verifies, and says what it measured', async () => {
    const { run, folder, publicKey } = await bench();
    const made = await run(...MAKE, '--out', 'out');
    expect(made).toMatchObject({ code: 0 });
    const manifest = verifyRelease(
      await readFile(join(folder, 'out/release.json')),
      await readFile(publicKey, 'utf8'),
    );
    expect(manifest.version).toBe('1.2.3');
    expect(manifest.issued).toBe(NOW);
    expect(manifest.image).toMatchObject({
      name: 'enclave-vault 1.2.3',
      architecture: 'aarch64',
      pcr0: pcr0Of(SAMPLE).toString('hex'),
    });
    expect(Object.keys(manifest.files)).toEqual([...PARTS, 'sbom']);
    const verified = await run(...VERIFY);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.printed)).toEqual(JSON.parse(made.printed));
  });

  test('is the same bytes when it is made again, but for the signature', async () => {
    const { run, folder } = await bench({ env: { SOURCE_DATE_EPOCH: '1893456000' } });
    expect((await run(...MAKE, '--out', 'one')).code).toBe(0);
    expect((await run(...MAKE, '--out', 'two')).code).toBe(0);
    const names = await readdir(join(folder, 'one'));
    expect(names.sort()).toEqual((await readdir(join(folder, 'two'))).sort());
    for (const name of names.filter((one) => one !== 'release.json')) {
      expect(await readFile(join(folder, 'one', name))).toEqual(await readFile(join(folder, 'two', name)));
    }
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (out) =>
        JSON.parse(await readFile(join(folder, out, 'release.json'), 'utf8')),
      ),
    );
    expect(one.payload).toBe(two.payload);
    expect(one.signatures[0].sig).not.toBe(two.signatures[0].sig);
    expect(JSON.parse(Buffer.from(one.payload, 'base64').toString()).issued).toBe('2030-01-01T00:00:00Z');
  });

  test('has functions that are one file each, built of the sources twice alike', async () => {
    const only = { ...QUICK, smoke: BUILDERS.smoke, authorizer: BUILDERS.authorizer };
    const [one, two] = [await buildParts(only), await buildParts(only)];
    for (const part of ['smoke', 'authorizer'] as const) {
      const { path, bytes } = one.get(part) ?? { path: '', bytes: Buffer.alloc(0) };
      expect(path).toBe(`${part}.zip`);
      expect(bytes.equals(two.get(part)?.bytes ?? Buffer.alloc(0))).toBe(true);
      const files = unzipSync(bytes);
      expect(Object.keys(files)).toEqual(['index.mjs']);
      expect(Buffer.from(files['index.mjs'] ?? []).toString()).toContain('export{');
    }
  });

  test.each(['canary-inside', 'canary-outside', 'api'] as const)('has a real %s', async (part) => {
    const { path, bytes } = await BUILDERS[part]();
    expect(path).toBe(`${part}.zip`);
    expect(Object.keys(unzipSync(bytes))).toEqual(['index.mjs']);
    expect(bytes.length).toBeGreaterThan(20_000);
  });
});

describe('a release that is tampered with is refused', () => {
  const made = async () => {
    const one = await bench();
    expect((await one.run(...MAKE, '--out', 'out')).code).toBe(0);
    return one;
  };

  test.each([...PARTS, 'sbom'].map((part) => [part]))('in %s', async (part) => {
    const { run, folder } = await made();
    const { path } = JSON.parse((await run(...VERIFY)).printed).files[part];
    await appendFile(join(folder, 'out', path), 'x');
    const { code, said } = await run(...VERIFY);
    expect(code).toBe(1);
    expect(said).toContain('release_refused');
    expect(said).toContain(`${path}`);
  });

  test('in its manifest', async () => {
    const { run, folder } = await made();
    const path = join(folder, 'out/release.json');
    const envelope = JSON.parse(await readFile(path, 'utf8'));
    const payload = Buffer.from(envelope.payload, 'base64').toString().replace('1.2.3', '1.2.4');
    await writeFile(path, JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }));
    expect(await run(...VERIFY)).toMatchObject({
      code: 1,
      said: expect.stringContaining('not signed by this key'),
    });
  });

  test('with a file of an older release in it', async () => {
    const { run, folder } = await made();
    expect((await run(...MAKE, '--out', 'other')).code).toBe(0);
    await writeFile(join(folder, 'out', 'parent.tar.gz'), 'older!');
    expect(await run(...VERIFY)).toMatchObject({ code: 1, said: expect.stringContaining('parent.tar.gz') });
    await copyFile(join(folder, 'other/parent.tar.gz'), join(folder, 'out/parent.tar.gz'));
    expect(await run(...VERIFY)).toMatchObject({ code: 0 });
  });

  test('under another key', async () => {
    const { run, folder } = await made();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    await writeFile(join(folder, 'project.pem'), publicKey.export({ format: 'pem', type: 'spki' }));
    expect(await run(...VERIFY)).toMatchObject({
      code: 1,
      said: expect.stringContaining('not signed by this key'),
    });
  });
});

describe('nothing is released', () => {
  const refused = async (
    change: Parameters<typeof bench>[0],
    args: readonly string[] = [],
    prepare: (folder: string) => Promise<unknown> = async () => undefined,
  ) => {
    const { run, folder } = await bench(change);
    await prepare(folder);
    const outcome = await run(...MAKE, '--out', 'out', ...args);
    expect(outcome.printed).toBe('');
    expect(await readFile(join(folder, 'out/release.json')).catch(() => null)).toBeNull();
    return outcome;
  };

  test('of an image that nobody signed', async () => {
    expect(await refused({ signed: false })).toMatchObject({
      code: 1,
      said: expect.stringContaining('image_unsigned'),
    });
  });

  test('of an image for another architecture', async () => {
    const { code, said } = await refused({ image: (image) => ({ ...image, arm64: false }) });
    expect(code).toBe(1);
    expect(said).toContain('image_other_architecture');
    const { run } = await bench({ image: (image) => ({ ...image, arm64: false }) });
    expect((await run(...MAKE, '--out', 'out', '--architecture', 'x86_64')).code).toBe(0);
  });

  test('of an image that is damaged', async () => {
    const outcome = await refused({}, [], (folder) => appendFile(join(folder, 'enclave.eif'), 'x'));
    expect(outcome).toMatchObject({ code: 1, said: expect.stringContaining('image_refused') });
  });

  test('under a certificate that has ended', async () => {
    const outcome = await refused({ now: Date.UTC(2030, 0, 2, 1) });
    expect(outcome).toMatchObject({ code: 1, said: expect.stringContaining('certificate_expired') });
  });

  test('into a folder that has something in it', async () => {
    const outcome = await refused({}, [], async (folder) => {
      await mkdir(join(folder, 'out'));
      await writeFile(join(folder, 'out/api.zip'), 'old');
    });
    expect(outcome).toMatchObject({ code: 1, said: expect.stringContaining('folder_in_use') });
  });

  test('by a key that cannot be opened, of whose passphrase nothing is said', async () => {
    const { code, said } = await refused({ env: { ENCLAVE_VAULT_SIGNING_PASSPHRASE: 'battery staple' } });
    expect(code).toBe(1);
    expect(said).toContain('key_unreadable');
    expect(said).not.toContain('battery');
  });

  test('by a key on another curve', async () => {
    const outcome = await refused({}, [], async (folder) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      await writeFile(join(folder, 'project.key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    });
    expect(outcome).toMatchObject({ code: 1, said: expect.stringContaining('is not on P-384') });
  });

  test('when a part cannot be built', async () => {
    const api = async () => Promise.reject(new Error('over its budget'));
    const outcome = await refused({ builders: { ...QUICK, api } });
    expect(outcome).toMatchObject({
      code: 1,
      said: expect.stringContaining('build_failed: api cannot be built: over its budget'),
    });
  });

  test('of a version that is none', async () => {
    const { run } = await bench();
    const outcome = await run('--version', 'v1', ...MAKE.slice(2), '--out', 'out');
    expect(outcome).toMatchObject({ code: 1, said: expect.stringContaining('release_payload_invalid') });
  });
});

describe('the command’s words', () => {
  test.each([
    [['--out', 'out'], 'takes --version'],
    [[...MAKE], 'takes --out'],
    [['--verify', 'out'], '--verify takes --key'],
    [['--verify', 'out', '--key', 'k', '--image', 'i'], '--verify does not go with --image'],
    [[...MAKE, '--out', 'out', '--key', 'k'], '--key goes with --verify'],
    [[...MAKE, '--out', 'out', '--architecture', 'arm'], 'aarch64 or x86_64'],
    [['--sing', 'x'], 'sing'],
  ])('%j are off', async (args, why) => {
    const { run } = await bench();
    const { code, said } = await run(...args);
    expect(code).toBe(2);
    expect(said).toContain(why);
    expect(said).toContain('npm run release');
  });

  test('a certificate that ends soon is spoken of', async () => {
    const { run, folder } = await bench();
    const { said } = await run(...MAKE, '--out', 'out');
    expect(said).toContain('ends in 0 days');
    const bytes = await readFile(join(folder, 'out/enclave-vault.eif'));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      JSON.parse((await run(...VERIFY)).printed).files.image.sha256,
    );
    await rm(folder, { recursive: true });
  });
});
