// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';

export const MEASURE_USAGE = `enclave-vault measure FILE.eif [--role-arn ARN] [--instance-id ID] [--configuration FILE] [--json]
  Checks an enclave image file and prints what it measures to, as JSON: PCR0, 1, 2, of a signed image 8, and as asked PCR3, 4 and 16.
  --configuration FILE  the configuration that the enclave is given at boot: its bytes, these in base64, or the parent's role file
  --json                on one line
enclave-vault measure FILE.eif --write MANIFEST --sign KEY.pem [--merge] [--name NAME] [--role-arn ARN] [--configuration FILE]
  Writes and signs the manifest that key policies are made from. Without role and configuration it describes a release, with them a deployment.
  --merge               keeps the images of a manifest that is there: the old and the new one, during a rollout
  The key is on P-384; the passphrase of an encrypted one is ENCLAVE_VAULT_SIGNING_PASSPHRASE.
enclave-vault measure [FILE.eif] --verify MANIFEST --key PUBLIC.pem [--role-arn ARN] [--configuration FILE]
  Checks a manifest's signature, and that the image is one of those it names.`;

export interface MeasureOptions {
  readonly image: string | null;
  readonly roleArn: string | undefined;
  readonly instanceId: string | undefined;
  readonly configuration: string | undefined;
  readonly json: boolean;
  readonly write: { readonly manifest: string; readonly key: string; readonly merge: boolean } | null;
  readonly verify: { readonly manifest: string; readonly key: string } | null;
  readonly name: string | undefined;
}

/** @param base folder that paths are relative to. @throws UsageError */
export function parseMeasureOptions(args: readonly string[], base: string): MeasureOptions {
  const { values, positionals } = read(args);
  const path = (value: string): string => resolve(base, value);
  const [image, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('measure takes one image');
  if (values.write !== undefined && values.verify !== undefined) {
    throw new UsageError('measure takes --write or --verify');
  }
  if ((values.write === undefined) !== (values.sign === undefined)) {
    throw new UsageError('--write and --sign go together');
  }
  if ((values.verify === undefined) !== (values.key === undefined)) {
    throw new UsageError('--verify and --key go together');
  }
  if (values.write === undefined && (values.merge !== undefined || values.name !== undefined)) {
    throw new UsageError('--merge and --name go with --write');
  }
  if (image === undefined && values.verify === undefined) throw new UsageError('measure takes an image');
  return {
    image: image === undefined ? null : path(image),
    roleArn: values['role-arn'],
    instanceId: values['instance-id'],
    configuration: values.configuration === undefined ? undefined : path(values.configuration),
    json: values.json === true,
    name: values.name,
    write:
      values.write === undefined || values.sign === undefined
        ? null
        : { manifest: path(values.write), key: path(values.sign), merge: values.merge === true },
    verify:
      values.verify === undefined || values.key === undefined
        ? null
        : { manifest: path(values.verify), key: path(values.key) },
  };
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'role-arn': text,
        'instance-id': text,
        configuration: text,
        write: text,
        sign: text,
        name: text,
        verify: text,
        key: text,
        merge: flag,
        json: flag,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
