// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipOf } from '@enclave-vault/deploy/zip';
import { type Image, SAMPLE, signed, signer, writeEif } from '../../../verifier/eif/test/write-eif.ts';
import { main } from '../src/main.ts';
import { BUILDERS, type Builders } from '../src/parts.ts';

/** Within the day for which the image's certificate is good. */
export const NOW = Date.UTC(2030, 0, 1, 6);
const IMAGE_SIGNER = signer('secp384r1', Date.UTC(2030, 0));

const project = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
export const PASSPHRASE = 'correct horse';

/** Parts that take no time: what the real ones make is another test's. */
export const QUICK: Builders = {
  ...BUILDERS,
  api: async () => ({ path: 'api.zip', bytes: zipOf({ 'index.mjs': 'api' }) }),
  'canary-inside': async () => ({ path: 'canary-inside.zip', bytes: zipOf({ 'index.mjs': 'inside' }) }),
  'canary-outside': async () => ({ path: 'canary-outside.zip', bytes: zipOf({ 'index.mjs': 'outside' }) }),
  parent: async () => ({ path: 'parent.tar.gz', bytes: Buffer.from('parent') }),
};

export interface Bench {
  readonly folder: string;
  readonly image: string;
  readonly key: string;
  readonly publicKey: string;
  readonly run: (...args: readonly string[]) => Promise<Outcome>;
}

export interface Outcome {
  readonly code: number;
  readonly printed: string;
  readonly said: string;
}

/** A folder with an image and a pair of keys, and the command as it is called there. */
export async function bench(
  change: {
    readonly image?: (image: Image) => Image;
    readonly signed?: boolean;
    readonly env?: Readonly<Record<string, string>>;
    readonly now?: number;
    readonly builders?: Builders;
  } = {},
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'release-tool-'));
  const plain: Image = { ...SAMPLE, arm64: true };
  const image = (change.image ?? ((one) => one))(plain);
  await writeFile(
    join(folder, 'enclave.eif'),
    writeEif(change.signed === false ? image : signed(image, IMAGE_SIGNER)),
  );
  const key = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE, format: 'pem', type: 'pkcs8' } as const;
  await writeFile(join(folder, 'project.key.pem'), project.privateKey.export(key));
  await writeFile(join(folder, 'project.pem'), project.publicKey.export({ format: 'pem', type: 'spki' }));
  const env = { INIT_CWD: folder, ENCLAVE_VAULT_SIGNING_PASSPHRASE: PASSPHRASE, ...change.env };
  return {
    folder,
    image: join(folder, 'enclave.eif'),
    key: join(folder, 'project.key.pem'),
    publicKey: join(folder, 'project.pem'),
    run: async (...args) => {
      const printed: string[] = [];
      const said: string[] = [];
      const code = await main(args, {
        env,
        now: () => change.now ?? NOW,
        print: (text) => printed.push(text),
        say: (text) => said.push(text),
        builders: change.builders ?? QUICK,
      });
      return { code, printed: printed.join('\n'), said: said.join('\n') };
    },
  };
}

/** Arguments that make a release, relative to the bench's folder. */
export const MAKE = ['--version', '1.2.3', '--image', 'enclave.eif', '--sign', 'project.key.pem'] as const;
