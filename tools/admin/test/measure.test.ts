// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcr16, readManifest } from '@enclave-vault/eif';
import { encodeConfiguration } from '@enclave-vault/protocol';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { pcr0Of, register, SAMPLE, signed, signer, writeEif } from '../../../verifier/eif/test/write-eif.ts';
import { measure } from '../src/commands/measure.ts';

const folder = mkdtempSync(join(tmpdir(), 'measure-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);
const put = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(path(name), bytes);
  return path(name);
};

const P384 = signer('secp384r1');
const IMAGE = signed(SAMPLE, P384);
const OTHER = signed({ ...SAMPLE, ramdisks: [Buffer.from('init'), Buffer.from('another program')] }, P384);
const ROLE = 'arn:aws:iam::123456789012:role/Webserver';
const PCR3 =
  '78fce75db17cd4e0a3fb8dad3ad128ca5e77edbb2b2c7f75329dccd99aa5f6ef4fc1f1a452e315b9e98f9e312e6921e6';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const CONFIGURATION = encodeConfiguration({
  region: 'eu-central-1',
  kmsHost: 'kms.eu-central-1.amazonaws.com',
  tlsRoots: [P384.pem],
  vaultKeyArns: ['arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000001'],
  requestKeyArns: ['arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000002'],
  legacyKeyArns: [],
});

const PARENT = { listen: 'unix:/run/parent.sock', image: '/opt/vault.eif' };
const ENCLAVE = {
  region: 'eu-central-1',
  tlsRoots: P384.pem,
  vaultKeys: ['arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000001'],
  requestKeys: ['arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000002'],
};

const image = put('image.eif', writeEif(IMAGE));
const other = put('other.eif', writeEif(OTHER));
const configuration = put('configuration', CONFIGURATION);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const key = put('key.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }));
const publicPem = put('public.pem', publicKey.export({ format: 'pem', type: 'spki' }));
const surroundings = ['--role-arn', ROLE, '--configuration', configuration];

/** What a command prints, as JSON. */
async function run(...args: string[]): Promise<unknown> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    expect(await measure(args)).toBe(0);
  } finally {
    write.mockRestore();
  }
  return JSON.parse(written.join(''));
}

const failsWith = (code: string) => expect.objectContaining({ code });

describe('measure FILE', () => {
  test('prints registers, and what the image says of itself', async () => {
    expect(await run(image)).toEqual({
      HashAlgorithm: 'Sha384 { ... }',
      PCR0: hex(pcr0Of(IMAGE)),
      PCR1: hex(register(SAMPLE.kernel, SAMPLE.commandLine, SAMPLE.ramdisks[0] ?? Buffer.alloc(0))),
      PCR2: hex(register(...SAMPLE.ramdisks.slice(1))),
      PCR8: hex(register(P384.der)),
      architecture: 'x86_64',
      defaultMemory: 1_073_741_824,
      defaultCpus: 2,
      commandLine: SAMPLE.commandLine.toString(),
      sections: expect.arrayContaining([{ type: 'kernel', size: 320 }]),
      metadata: { ImageName: 'sample', ImageVersion: '1.0' },
      signature: {
        valid: true,
        algorithm: 'ES384',
        subject: 'CN=image signer',
        issuer: 'CN=image signer',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        notBefore: '2030-01-01T00:00:00.000Z',
        notAfter: '2030-01-02T00:00:00.000Z',
      },
    });
  });

  test('of an unsigned image has no PCR8', async () => {
    const printed = await run(put('unsigned.eif', writeEif(SAMPLE)));
    expect(printed).toMatchObject({ signature: null });
    expect(printed).not.toHaveProperty('PCR8');
  });

  test.each([
    ['bytes', CONFIGURATION],
    ['base64', CONFIGURATION.toString('base64')],
    ['base64 and a line break', `${CONFIGURATION.toString('base64')}\n`],
    ['the parent’s role file', JSON.stringify({ ...PARENT, enclave: ENCLAVE })],
    [
      'the parent’s role file, as bytes',
      JSON.stringify({ ...PARENT, enclave: { configuration: CONFIGURATION.toString('base64') } }),
    ],
  ])('measures the surroundings too, the configuration in %s', async (_, content) => {
    const id = 'i-0123456789abcdef0';
    const printed = await run(
      image,
      '--role-arn',
      ROLE,
      '--instance-id',
      id,
      '--configuration',
      put('c', content),
    );
    expect(printed).toMatchObject({
      PCR3,
      PCR16: hex(pcr16(CONFIGURATION)),
      PCR4: expect.stringMatching(/^[0-9a-f]{96}$/),
    });
  });

  test('refuses with a code what is damaged, missing, or no configuration', async () => {
    const damaged = writeEif(IMAGE);
    damaged.writeUInt8(damaged.readUInt8(600) ^ 1, 600);
    await expect(measure([put('damaged.eif', damaged)])).rejects.toThrow(failsWith('crc_mismatch'));
    await expect(measure([path('none.eif')])).rejects.toThrow(failsWith('file_unreadable'));
    await expect(measure([folder])).rejects.toThrow(failsWith('file_unreadable'));
    await expect(measure([image, '--role-arn', 'someone'])).rejects.toThrow(failsWith('role_arn_invalid'));
    await expect(measure([image, '--configuration', key])).rejects.toThrow(
      failsWith('configuration_invalid'),
    );
    const other = put('api.json', '{"region": "eu-central-1"}');
    await expect(measure([image, '--configuration', other])).rejects.toThrow(failsWith('config_invalid'));
    await expect(measure([image, '--configuration', path('none')])).rejects.toThrow(
      failsWith('file_unreadable'),
    );
  });

  test.each([
    [[]],
    [['a', 'b']],
    [['a', '--unknown']],
    [['a', '--write', 'm']],
    [['a', '--sign', 'k']],
    [['a', '--key', 'k']],
    [['a', '--merge']],
    [['a', '--write', 'm', '--sign', 'k', '--verify', 'm', '--key', 'k']],
    [['--write', 'm', '--sign', 'k']],
  ])('refuses the words %j', async (args) => {
    await expect(measure(args)).rejects.toThrow(failsWith('usage'));
  });

  test('as a command: JSON and 0, or a line with the code and 1', async () => {
    const command = (file: string) =>
      new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
        const bin = join(import.meta.dirname, '../bin/enclave-vault.mjs');
        execFile(process.execPath, [bin, 'measure', file, '--json'], (error, stdout, stderr) =>
          resolve({ code: error?.code ?? 0, stdout, stderr }),
        );
      });
    const [good, bad] = await Promise.all([command(image), command(key)]);
    expect(good).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\{"HashAlgorithm".*\}\n$/),
    });
    expect(bad).toEqual({
      code: 1,
      stdout: '',
      stderr: 'enclave-vault: not_an_eif: this is no enclave image file\n',
    });
  });
});

describe('manifests', () => {
  const manifest = path('manifest.json');
  beforeEach(() => rmSync(manifest, { force: true }));

  test('are written, read by what makes key policies, and verified', async () => {
    const printed = await run(image, '--write', manifest, '--sign', key, ...surroundings);
    const entry = { name: 'sample', architecture: 'x86_64', pcr0: hex(pcr0Of(IMAGE)), pcr3: PCR3 };
    expect(printed).toMatchObject({ signedBy: expect.stringMatching(/^[0-9a-f]{64}$/), images: [entry] });
    expect(readManifest(readFileSync(manifest), readFileSync(publicPem, 'utf8'))).toMatchObject({
      pcr0: [hex(pcr0Of(IMAGE))],
      pcr3: [PCR3],
      pcr16: [hex(pcr16(CONFIGURATION))],
    });
    expect(await run('--verify', manifest, '--key', publicPem)).toEqual(printed);
    expect(await run(image, '--verify', manifest, '--key', publicPem, ...surroundings)).toEqual(printed);
  });

  test('hold two images during a rollout, each once', async () => {
    await run(image, '--write', manifest, '--sign', key, '--name', 'old', ...surroundings);
    await run(other, '--write', manifest, '--sign', key, '--name', 'new', '--merge', ...surroundings);
    const again = await run(
      other,
      '--write',
      manifest,
      '--sign',
      key,
      '--name',
      'newer',
      '--merge',
      ...surroundings,
    );
    expect(again).toMatchObject({ images: [{ name: 'old' }, { name: 'newer' }] });
    for (const file of [image, other]) await run(file, '--verify', manifest, '--key', publicPem);
    expect(readManifest(readFileSync(manifest), publicKey).pcr0).toEqual([
      hex(pcr0Of(IMAGE)),
      hex(pcr0Of(OTHER)),
    ]);
  });

  test('are not written over, nor merged into what another key signed', async () => {
    await run(image, '--write', manifest, '--sign', key);
    const before = readFileSync(manifest);
    await expect(measure([other, '--write', manifest, '--sign', key])).rejects.toThrow(
      failsWith('manifest_exists'),
    );
    const foreign = put('foreign.pem', P384.key.export({ format: 'pem', type: 'pkcs8' }));
    await expect(measure([other, '--write', manifest, '--sign', foreign, '--merge'])).rejects.toThrow(
      failsWith('manifest_signature_invalid'),
    );
    expect(readFileSync(manifest)).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.startsWith('manifest.json.'))).toEqual([]);
    await expect(measure([image, '--write', join(folder, 'no/manifest'), '--sign', key])).rejects.toThrow(
      failsWith('file_unwritable'),
    );
  });

  test('do not hold for another image, signature, role, configuration or key', async () => {
    await run(image, '--write', manifest, '--sign', key, ...surroundings);
    const unsigned = put('unsigned.eif', writeEif(SAMPLE));
    const verify = ['--verify', manifest, '--key', publicPem];
    for (const args of [
      [other, ...verify],
      [unsigned, ...verify],
      [image, ...verify, '--role-arn', `${ROLE}2`],
    ]) {
      await expect(measure(args)).rejects.toThrow(failsWith('manifest_mismatch'));
    }
    const foreign = put(
      'foreign-public.pem',
      createPublicKey(P384.key).export({ format: 'pem', type: 'spki' }),
    );
    await expect(measure(['--verify', manifest, '--key', foreign])).rejects.toThrow(
      failsWith('manifest_signature_invalid'),
    );
    await expect(measure(['--verify', image, '--key', publicPem])).rejects.toThrow(
      failsWith('manifest_malformed'),
    );
    await expect(measure(['--verify', path('none'), '--key', publicPem])).rejects.toThrow(
      failsWith('file_unreadable'),
    );
  });

  test('are signed by an encrypted key whose passphrase is in the environment', async () => {
    const passphrase = 'correct horse';
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase });
    const encrypted = put('encrypted.pem', pem);
    const args = [image, '--write', manifest, '--sign', encrypted];
    await expect(measure(args)).rejects.toThrow(/ENCLAVE_VAULT_SIGNING_PASSPHRASE is not set/);
    vi.stubEnv('ENCLAVE_VAULT_SIGNING_PASSPHRASE', 'wrong');
    await expect(measure(args)).rejects.toThrow(failsWith('key_unreadable'));
    vi.stubEnv('ENCLAVE_VAULT_SIGNING_PASSPHRASE', passphrase);
    await run(...args);
    vi.unstubAllEnvs();
    await run('--verify', manifest, '--key', publicPem);
  });

  test('are signed by keys on P-384 only', async () => {
    const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    const file = put('p256.pem', p256.export({ format: 'pem', type: 'pkcs8' }));
    await expect(measure([image, '--write', manifest, '--sign', file])).rejects.toThrow(
      failsWith('key_invalid'),
    );
    await expect(measure([image, '--write', manifest, '--sign', publicPem])).rejects.toThrow(
      failsWith('key_unreadable'),
    );
  });
});
