// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CreateKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { type KmsEmulator, type PrincipalConfig, startKmsEmulator } from '@enclave-vault/emulator-kms';
import * as hpke from 'hpke';
import { mintCredentials } from '../../tools/admin/src/dev/credentials.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { kmsClient } from './kms-client.ts';

/** An item in DynamoDB JSON; bytes as base64. */
export type WireItem = Record<string, Record<string, string>>;
type Encoding = 1 | 2 | 'mixed';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KSUID_EPOCH = 1_400_000_000;
const SUITE = new hpke.CipherSuite(
  hpke.KEM_DHKEM_P384_HKDF_SHA384,
  hpke.KDF_HKDF_SHA384,
  hpke.AEAD_AES_256_GCM,
);
const SUITE_ID = Buffer.from('48504b45001100020002', 'hex');
const POINT_BYTES = 97;

const role = (name: string, Action: string | string[]): PrincipalConfig => ({
  arn: `arn:${LOCAL.partition}:iam::${LOCAL.account}:role/sample/${name}`,
  ...mintCredentials(),
  identityPolicies: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] }],
});

interface KeyPair {
  readonly point: Uint8Array;
  readonly publicKey: Buffer;
  readonly wrapped: Buffer;
}

/** A vault of the sample, and what was sealed in it. */
export interface SampleVault {
  readonly id: string;
  readonly item: WireItem;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * The AWS sample's side of a migration: its KMS key, with key pairs made by its own role and no encryption context, and vaults as its
 * API writes them, sealed by a library that is not ours. Its KMS is the account's: `dev` finds the key when it is given the state file.
 */
export class SampleTable {
  readonly stateFile: string;
  readonly keyArn: string;
  readonly #kms: KmsEmulator;
  readonly #api: KMSClient;
  readonly #keyPairs: KeyPair[] = [];

  private constructor(stateFile: string, keyArn: string, kms: KmsEmulator, api: KMSClient) {
    this.stateFile = stateFile;
    this.keyArn = keyArn;
    this.#kms = kms;
    this.#api = api;
  }

  /** @param folder where the state of KMS is kept, as `dev` keeps it */
  static async open(folder: string): Promise<SampleTable> {
    const stateFile = join(folder, 'kms.json');
    const owner = role('owner', 'kms:*');
    const api = role('api', 'kms:GenerateDataKeyPairWithoutPlaintext');
    const kms = await startKmsEmulator(
      {
        ...{ region: LOCAL.region, account: LOCAL.account, stateFile, attestationRoots: [] },
        principals: [owner, api],
        listeners: [{ host: '127.0.0.1', port: 0, network: null }],
      },
      { log: () => undefined },
    );
    const access = { port: kms.endpoints[0]?.port ?? 0, ca: kms.ca };
    const asOwner = kmsClient({ ...access, credentials: owner });
    // Everything but decryption is the account's business, as in the sample's key policy.
    const Principal = { AWS: `arn:${LOCAL.partition}:iam::${LOCAL.account}:root` };
    const statement = { Sid: 'Account', Effect: 'Allow', Principal, NotAction: 'kms:Decrypt', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const { KeyMetadata } = await asOwner.send(new CreateKeyCommand({ Policy, MultiRegion: false }));
    asOwner.destroy();
    return new SampleTable(
      stateFile,
      KeyMetadata?.Arn ?? '',
      kms,
      kmsClient({ ...access, credentials: api }),
    );
  }

  /** A vault as the sample's API writes it. @param pairs key pairs to take turns with: KMS makes one in some ms */
  async vault(values: Record<string, string>, encoding: Encoding = 1, pairs = 8): Promise<SampleVault> {
    const id = sampleId();
    if (this.#keyPairs.length < pairs) this.#keyPairs.unshift(await this.#keyPair());
    else this.#keyPairs.unshift(this.#keyPairs.pop() as KeyPair);
    const [pair] = this.#keyPairs as [KeyPair];
    const now = String(Date.now() * 1000);
    const item: WireItem = {
      pk: { S: `VAULT##${id}` },
      sk: { S: 'v0' },
      _id: { S: id },
      _v: { N: encoding === 2 ? '2' : '1' },
      _hs: { B: SUITE_ID.toString('base64') },
      _sk: { B: pair.wrapped.toString('base64') },
      _pk: { B: pair.publicKey.toString('base64') },
      _ct: { N: now },
      _mt: { N: now },
    };
    let n = 0;
    for (const [name, value] of Object.entries(values)) {
      n += 1;
      const hex = encoding === 1 || (encoding === 'mixed' && n % 2 === 1);
      item[name] = await sealed(pair.point, id, name, value, hex);
    }
    return { id, item, values };
  }

  async close(): Promise<void> {
    this.#api.destroy();
    await this.#kms.close();
  }

  async #keyPair(): Promise<KeyPair> {
    const { PublicKey, PrivateKeyCiphertextBlob } = await this.#api.send(
      new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId: this.keyArn, KeyPairSpec: 'ECC_NIST_P384' }),
    );
    const publicKey = Buffer.from(PublicKey ?? []);
    const wrapped = Buffer.from(PrivateKeyCiphertextBlob ?? []);
    return { point: publicKey.subarray(-POINT_BYTES), publicKey, wrapped };
  }
}

async function sealed(
  point: Uint8Array,
  id: string,
  name: string,
  value: string,
  hex: boolean,
): Promise<Record<string, string>> {
  const key = await SUITE.DeserializePublicKey(point);
  const { encapsulatedSecret, ctx } = await SUITE.SetupSender(key, { info: Buffer.from(id) });
  const aad = Buffer.from(name.trim().toLowerCase());
  const [enc, text] = [Buffer.from(encapsulatedSecret), Buffer.from(await ctx.Seal(Buffer.from(value), aad))];
  if (hex) return { S: `${enc.toString('hex')}#${text.toString('hex')}` };
  return { B: Buffer.concat([enc, text]).toString('base64') };
}

/** An entry of the sample's log. */
let logs = 0;

/** One after the other, as their keys are times. */
export function sampleLog(id: string, event = 'CreateVault'): WireItem {
  const now = String(Date.now() * 1000 + (logs++ % 1000));
  return {
    ...{ pk: { S: `LOG##${id}` }, sk: { S: now }, _e: { S: event }, _id: { S: id }, _ct: { N: now } },
    _r: { S: 'because' },
  };
}

/** `v_` and a KSUID (20 bytes in base 62: seconds since its epoch, and 16 random bytes). */
export function sampleId(): string {
  const bytes = Buffer.concat([Buffer.alloc(4), randomBytes(16)]);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000) - KSUID_EPOCH);
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < 27; i += 1) {
    text = `${BASE62[Number(rest % 62n)]}${text}`;
    rest /= 62n;
  }
  return `v_${text}`;
}

/**
 * Items as DynamoDB exports them (Developer Guide, "DynamoDB table export output format").
 * @param files how many data files, gzipped
 * @returns the export's folder
 */
export function writeExport(folder: string, items: readonly (WireItem | string)[], files = 2): string {
  const root = join(folder, 'AWSDynamoDB', '01700000000000-a1b2c3d4');
  mkdirSync(join(root, 'data'), { recursive: true });
  const manifest = Array.from({ length: files }, (_, n) => {
    const lines = items
      .filter((_item, index) => index % files === n)
      .map((item) => (typeof item === 'string' ? item : JSON.stringify({ Item: item })));
    const bytes = gzipSync(`${lines.join('\n')}${lines.length > 0 ? '\n' : ''}`);
    const name = `${'abcdefgh'[n]}file.json.gz`;
    writeFileSync(join(root, 'data', name), bytes);
    return JSON.stringify({
      itemCount: lines.length,
      md5Checksum: createHash('md5').update(bytes).digest('base64'),
      etag: 'x-1',
      dataFileS3Key: `AWSDynamoDB/01700000000000-a1b2c3d4/data/${name}`,
    });
  });
  writeFileSync(join(root, 'manifest-files.json'), `${manifest.join('\n')}\n`);
  const summary = {
    ...{
      version: '2020-06-30',
      outputFormat: 'DYNAMODB_JSON',
      exportType: 'FULL_EXPORT',
      itemCount: items.length,
    },
    exportArn: `arn:aws:dynamodb:us-east-1:${LOCAL.account}:table/sample/export/01700000000000-a1b2c3d4`,
    manifestFilesS3Key: 'AWSDynamoDB/01700000000000-a1b2c3d4/manifest-files.json',
  };
  writeFileSync(join(root, 'manifest-summary.json'), JSON.stringify(summary));
  return root;
}
