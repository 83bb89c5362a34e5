// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEif } from '@enclave-vault/eif';
import { PARTS, type Release, type ReleaseFile, signRelease } from '@enclave-vault/release';
import { zipSync } from 'fflate';
import { afterAll } from 'vitest';
import { signatureSection, signer, writeEif } from '../../../../verifier/eif/test/write-eif.ts';

/** The project's key, and one certificate for all images unless a test asks for another. */
const PROJECT = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const IMAGE_SIGNER = signer('secp384r1', Date.UTC(2030, 0), Date.UTC(2060, 0));

export const PROJECT_KEY = PROJECT.publicKey.export({ format: 'pem', type: 'spki' }).toString();

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

export interface Fixture {
  readonly folder: string;
  readonly release: Release;
}

/**
 * A release whose image is none that boots, and that is read, measured and signed like one.
 * @param application what differs between two releases
 */
export async function releaseFixture(
  version: string,
  application = version,
  change: {
    readonly by?: KeyObject;
    readonly certificate?: ReturnType<typeof signer>;
    readonly image?: (image: Release['image']) => Release['image'];
  } = {},
): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'release-'));
  folders.push(folder);
  const zip = (text: string): Buffer =>
    Buffer.from(zipSync({ 'index.mjs': Buffer.from(text) }, { mtime: new Date(1980, 0, 1) }));
  const image = await imageOf(application, change.certificate ?? IMAGE_SIGNER);
  const contents: Readonly<Record<(typeof PARTS)[number], readonly [string, Buffer]>> = {
    api: ['api.zip', zip(`export const api = '${version}';`)],
    authorizer: ['authorizer.zip', zip(`export const authorizer = '${version}';`)],
    smoke: ['smoke.zip', zip(`export const smoke = '${version}';`)],
    'canary-inside': ['canary-inside.zip', zip(`export const inside = '${version}';`)],
    'canary-outside': ['canary-outside.zip', zip(`export const outside = '${version}';`)],
    parent: ['parent.tar.gz', Buffer.from(`parent ${version}`)],
    image: ['enclave-vault.eif', image],
  };
  const files: Partial<Record<(typeof PARTS)[number], ReleaseFile>> = {};
  for (const part of PARTS) {
    const [path, bytes] = contents[part];
    await writeFile(join(folder, path), bytes);
    files[part] = { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  const eif = await readEif([image]);
  const register = (index: number): string => eif.pcrs.get(index)?.toString('hex') ?? '';
  const measured: Release['image'] = {
    name: `enclave-vault ${version}`,
    architecture: eif.architecture,
    pcr0: register(0),
    pcr1: register(1),
    pcr2: register(2),
    pcr8: register(8),
  };
  const release: Release = {
    version,
    issued: Date.UTC(2030, 0, 1),
    files: files as Release['files'],
    image: change.image?.(measured) ?? measured,
  };
  await writeFile(join(folder, 'release.json'), signRelease(release, change.by ?? PROJECT.privateKey));
  return { folder, release };
}

async function imageOf(application: string, by: ReturnType<typeof signer>): Promise<Buffer> {
  const unsigned = {
    arm64: true,
    kernel: Buffer.from('kernel'),
    commandLine: Buffer.from('reboot=k panic=30'),
    ramdisks: [Buffer.from('init'), Buffer.from(application)],
  };
  const { pcrs } = await readEif([writeEif(unsigned)]);
  const signature = signatureSection(pcrs.get(0) ?? Buffer.alloc(48), by);
  return writeEif({ ...unsigned, signature });
}
