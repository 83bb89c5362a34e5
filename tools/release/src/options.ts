// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Architecture } from '@enclave-vault/eif';
import { UsageError } from './errors.ts';

export const USAGE = `npm run release -- --version X.Y.Z --image FILE.eif --sign KEY --out FOLDER [options]
  Builds every part of a release, measures the enclave image, and signs the manifest of all of them.
  --sign KEY          private key on P-384: a PEM file (ENCLAVE_VAULT_SIGNING_PASSPHRASE opens one that is encrypted), or the ARN of a KMS key
  --name NAME         of the image, as manifests call it (default: enclave-vault X.Y.Z)
  --architecture A    that the image must be for: aarch64 (default) or x86_64
  --image-sbom FILE   bill of materials of the image, as npm run image wrote it (sbom.cdx.json)
  SOURCE_DATE_EPOCH   when the manifest says that it was issued (default: now)
npm run release -- --verify FOLDER --key PUBLIC.pem
  Checks a release: its signature, every file, and what the image measures to.`;

export interface MakeOptions {
  readonly command: 'make';
  readonly version: string;
  readonly image: string;
  /** Path of a PEM file, or ARN of a KMS key. */
  readonly sign: string;
  readonly out: string;
  readonly name: string;
  readonly architecture: Architecture;
  readonly imageSbom?: string;
}

export interface VerifyOptions {
  readonly command: 'verify';
  readonly folder: string;
  readonly key: string;
}

const text = { type: 'string' } as const;
const MAKING = ['version', 'image', 'sign', 'out', 'name', 'architecture', 'image-sbom'] as const;

/** @param base folder that paths are relative to. @throws {UsageError} */
export function parseOptions(args: readonly string[], base: string): MakeOptions | VerifyOptions {
  const values = read(args);
  if (values.verify !== undefined) {
    const other = MAKING.find((name) => values[name] !== undefined);
    if (other !== undefined) throw new UsageError(`--verify does not go with --${other}`);
    return {
      command: 'verify',
      folder: resolve(base, values.verify),
      key: resolve(base, demanded(values.key, '--verify takes --key')),
    };
  }
  if (values.key !== undefined) throw new UsageError('--key goes with --verify');
  const version = demanded(values.version, 'a release takes --version');
  const sign = demanded(values.sign, 'a release takes --sign');
  const architecture = values.architecture ?? 'aarch64';
  if (architecture !== 'aarch64' && architecture !== 'x86_64') {
    throw new UsageError('--architecture is aarch64 or x86_64');
  }
  return {
    command: 'make',
    version,
    image: resolve(base, demanded(values.image, 'a release takes --image')),
    sign: isArn(sign) ? sign : resolve(base, sign),
    out: resolve(base, demanded(values.out, 'a release takes --out')),
    name: values.name ?? `enclave-vault ${version}`,
    architecture,
    ...(values['image-sbom'] === undefined ? {} : { imageSbom: resolve(base, values['image-sbom']) }),
  };
}

/** Whether a signing key is one of KMS. */
export function isArn(text: string): boolean {
  return text.startsWith('arn:');
}

function demanded(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new UsageError(what);
  return value;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        version: text,
        image: text,
        sign: text,
        out: text,
        name: text,
        architecture: text,
        'image-sbom': text,
        verify: text,
        key: text,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
