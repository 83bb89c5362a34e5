// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';

export const CHANNEL_ROOTS_USAGE = `enclave-vault channel-roots --region REGION --server-key ARN --client-key ARN --out DIR
  Writes the roots of the channel between API and parent, channel-server-root.pem and channel-client-root.pem: what the
  settings channel.serverRoot and channel.clientRoot take. They follow from the two KMS keys (ECC_NIST_P384, SIGN_VERIFY),
  so a second run changes nothing. Credentials come from the AWS environment and need kms:GetPublicKey, and no kms:Sign.
  --add           puts a new key's root before those that are there, while keys are exchanged
  --check         writes nothing: 0 when the files have the keys' roots, 1 when not
  --fips          the Region's FIPS endpoint
  --endpoint URL  KMS elsewhere    --ca FILE  certificates to trust there`;

export interface ChannelRootsOptions {
  readonly region: string;
  readonly serverKey: string;
  readonly clientKey: string;
  readonly out: string;
  readonly add: boolean;
  readonly check: boolean;
  readonly fips: boolean;
  readonly endpoint: string | undefined;
  readonly ca: string | undefined;
}

const KEY = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:key\/[A-Za-z0-9-]+$/;

/** @param base folder that paths are relative to. @throws UsageError */
export function parseChannelRootsOptions(args: readonly string[], base: string): ChannelRootsOptions {
  const values = read(args);
  const region = demanded(values.region, '--region');
  const key = (value: string | undefined, name: string): string => {
    const arn = demanded(value, name);
    if (KEY.exec(arn)?.[1] !== region) throw new UsageError(`${name} takes the ARN of a key in ${region}`);
    return arn;
  };
  const serverKey = key(values['server-key'], '--server-key');
  const clientKey = key(values['client-key'], '--client-key');
  // One key for both would let either side be the other.
  if (serverKey === clientKey) throw new UsageError('--server-key and --client-key are two keys');
  if (values.add === true && values.check === true) throw new UsageError('--add or --check');
  if (values.endpoint !== undefined && values.fips === true) throw new UsageError('--endpoint or --fips');
  return {
    region,
    serverKey,
    clientKey,
    out: resolve(base, demanded(values.out, '--out')),
    add: values.add === true,
    check: values.check === true,
    fips: values.fips === true,
    endpoint: values.endpoint,
    ca: values.ca === undefined ? undefined : resolve(base, values.ca),
  };
}

function demanded(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new UsageError(`channel-roots takes ${name}`);
  return value;
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        region: text,
        'server-key': text,
        'client-key': text,
        out: text,
        endpoint: text,
        ca: text,
        add: flag,
        check: flag,
        fips: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
