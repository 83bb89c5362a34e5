// SPDX-License-Identifier: Apache-2.0
/** The command `npm run release`. Exit codes: 0 done, 1 it failed, 2 the command's words are off. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DeployError } from '@enclave-vault/deploy/errors';
import { openRelease } from '@enclave-vault/deploy/release';
import { keyId } from '@enclave-vault/eif';
import { ReleaseError } from '@enclave-vault/release';
import { describeRelease } from './describe.ts';
import { ReleaseToolError, UsageError } from './errors.ts';
import { makeRelease } from './make.ts';
import { type MakeOptions, parseOptions, USAGE, type VerifyOptions } from './options.ts';
import { BUILDERS, type Builders } from './parts.ts';
import { openSigner } from './signer.ts';

const DAY = 86_400_000;
/** Days before a certificate's end from which it is spoken of. */
const WARNING_DAYS = 90;

export interface ReleaseWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  /** Results. */
  readonly print: (text: string) => void;
  /** Everything else. */
  readonly say: (text: string) => void;
  readonly builders: Builders;
}

/** @returns the exit code */
export async function main(args: readonly string[], world: ReleaseWorld = processWorld()): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    world.print(USAGE);
    return 0;
  }
  try {
    const options = parseOptions(args, world.env.INIT_CWD ?? process.cwd());
    await (options.command === 'make' ? make(options, world) : verify(options, world));
    return 0;
  } catch (error) {
    return explain(error, world);
  }
}

async function make(options: MakeOptions, { env, now, print, say, builders }: ReleaseWorld): Promise<void> {
  const signer = await openSigner(options.sign, env.ENCLAVE_VAULT_SIGNING_PASSPHRASE);
  const issued = issuedAt(env.SOURCE_DATE_EPOCH, now);
  const { release, certificateEnds } = await makeRelease({ ...options, issued }, signer, builders);
  print(describeRelease(release, keyId(signer.publicKey)));
  const days = Math.floor((certificateEnds - now()) / DAY);
  if (days < WARNING_DAYS) {
    say(
      `The certificate of the image ends in ${days} days: from then on no instance starts it. docs/releases.md has its renewal.`,
    );
  }
}

async function verify({ folder, key }: VerifyOptions, { print }: ReleaseWorld): Promise<void> {
  const pem = await readFile(key, 'utf8').catch(() => {
    throw new ReleaseToolError('key_unreadable', `${key} cannot be read`);
  });
  const { release } = await openRelease(folder, pem);
  print(describeRelease(release, keyId(createPublicKey(pem))));
}

/** Seconds since the epoch (reproducible-builds.org), or now: whole seconds. */
function issuedAt(epoch: string | undefined, now: () => number): number {
  if (epoch === undefined) return Math.floor(now() / 1000) * 1000;
  if (!/^\d{1,11}$/.test(epoch)) throw new UsageError('SOURCE_DATE_EPOCH is seconds since 1970');
  return Number(epoch) * 1000;
}

function explain(error: unknown, { say }: ReleaseWorld): number {
  if (error instanceof UsageError) {
    say(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (error instanceof DeployError) {
    say([`${error.code}: ${error.message}`, ...error.details.map((line) => `  ${line}`)].join('\n'));
    return 1;
  }
  if (error instanceof ReleaseToolError || error instanceof ReleaseError) {
    say(`${error.code}: ${error.message}`);
    return 1;
  }
  throw error;
}

function processWorld(): ReleaseWorld {
  return {
    env: process.env,
    now: Date.now,
    print: (text) => process.stdout.write(`${text}\n`),
    say: (text) => process.stderr.write(`${text}\n`),
    builders: BUILDERS,
  };
}
