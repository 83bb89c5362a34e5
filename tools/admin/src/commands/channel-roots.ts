// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createChannelRoot, readChannelRoots, type Side } from '@enclave-vault/channel';
import { createKmsSigner } from '@enclave-vault/channel/kms';
import { rootsIn, writeRoots } from '../channel-roots/files.ts';
import { type ChannelRootsOptions, parseChannelRootsOptions } from '../channel-roots/options.ts';
import { AdminError } from '../errors.ts';

/** `enclave-vault channel-roots`. Prints JSON: for each side its key, file, fingerprint, and what was done. */
export async function channelRoots(args: readonly string[]): Promise<number> {
  const options = parseChannelRootsOptions(args, process.env.INIT_CWD ?? '.');
  const ca = options.ca === undefined ? undefined : await readCa(options.ca);
  // Both are made before one is written.
  const wanted = await Promise.all(
    (['server', 'client'] as const).map(async (side) => ({ side, root: await rootOf(side, options, ca) })),
  );
  const result: Record<string, unknown> = {};
  let good = true;
  for (const { side, root } of wanted) {
    const file = join(options.out, `channel-${side}-root.pem`);
    const state = await settle(file, side, root, options);
    const [{ fingerprint } = { fingerprint: '' }] = readChannelRoots(root, side);
    result[side] = { key: keyOf(side, options), file, fingerprint, state };
    good &&= state !== 'missing';
  }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return good ? 0 : 1;
}

type State = 'present' | 'written' | 'added' | 'missing';

async function settle(
  file: string,
  side: Side,
  root: string,
  { add, check }: ChannelRootsOptions,
): Promise<State> {
  const present = (await rootsIn(file, side)).map(({ pem }) => pem);
  if (present.includes(root)) return 'present';
  if (check) return 'missing';
  if (present.length > 0 && !add) {
    throw new AdminError(
      'channel_root_other',
      `${file} has the root of another key: with --add both are trusted, until the old one is taken out`,
    );
  }
  await writeRoots(file, [root, ...present]);
  // What stands there now is what will be trusted.
  if (!(await rootsIn(file, side)).some(({ pem }) => pem === root)) {
    throw new AdminError('file_unwritable', `${file} is not as it was written`);
  }
  return present.length > 0 ? 'added' : 'written';
}

async function rootOf(side: Side, options: ChannelRootsOptions, ca: string | undefined): Promise<string> {
  const { region, fips, endpoint } = options;
  const signer = createKmsSigner({
    keyArn: keyOf(side, options),
    region,
    fips,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(ca === undefined ? {} : { ca }),
  });
  try {
    return createChannelRoot({ publicKey: await signer.publicKey(), side });
  } finally {
    signer.close();
  }
}

function keyOf(side: Side, { serverKey, clientKey }: ChannelRootsOptions): string {
  return side === 'server' ? serverKey : clientKey;
}

async function readCa(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw new AdminError('file_unreadable', `${file} cannot be read`);
  });
}
