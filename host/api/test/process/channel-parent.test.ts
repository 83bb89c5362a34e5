// SPDX-License-Identifier: Apache-2.0

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:https';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import {
  channelTarget,
  createChannelRoot,
  createChannelServer,
  openChannelIdentity,
} from '@enclave-vault/channel';
import { type KmsEmulator, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ParentClient } from '../../src/enclave-client.ts';
import { ChannelParent } from '../../src/process/channel-parent.ts';
import { readApiConfig } from '../../src/process/config.ts';
import { parentLink } from '../../src/process/parent-place.ts';

const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE0000000A1', secretAccessKey: 'marked-secret' };
const logged: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
const log = (_level: string, event: string, fields: Readonly<Record<string, unknown>> = {}) =>
  void logged.push({ event, fields });

let kms: KmsEmulator;
let client: KMSClient;
let clientKey: string;
let roots: { readonly client: string; readonly server: string };
let parent: Server;
let port: number;
let identities: { close(): void }[] = [];

beforeAll(async () => {
  const everything = {
    Version: '2012-10-17' as const,
    Statement: [{ Effect: 'Allow' as const, Action: 'kms:*', Resource: '*' }],
  };
  kms = await startKmsEmulator({
    region: REGION,
    account: '111122223333',
    stateFile: null,
    attestationRoots: [],
    principals: [
      { arn: 'arn:aws:iam::111122223333:role/api', ...CREDENTIALS, identityPolicies: [everything] },
    ],
    listeners: [{ host: '127.0.0.1', port: 0, network: null }],
  });
  client = new KMSClient({
    region: REGION,
    endpoint: endpoint(),
    credentials: { ...CREDENTIALS },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: kms.ca }) }),
  });
  const made = await client.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY' }));
  clientKey = made.KeyMetadata?.Arn ?? '';
  const { PublicKey = new Uint8Array() } = await client.send(new GetPublicKeyCommand({ KeyId: clientKey }));
  // The parent's side has a key of its own; where that is, is not the API's business.
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  roots = {
    client: createChannelRoot({ publicKey: PublicKey, side: 'client' }),
    server: createChannelRoot({ publicKey, side: 'server' }),
  };
  const identity = await openChannelIdentity({
    side: 'server',
    roots: roots.server,
    log,
    sign: async (digest) => {
      const { signDigest } = await import('../../../../emulators/kms/src/ecdsa.ts');
      const { signingOf } = await import('../../../../emulators/kms/src/specs.ts');
      const signing = signingOf('ECC_NIST_P384');
      if (signing === null) throw new Error('no algorithm');
      return signDigest(privateKey.export({ format: 'der', type: 'pkcs8' }), signing, digest);
    },
  });
  identities = [identity];
  parent = createChannelServer({ identity, clientRoots: roots.client, log }, (request, response) => {
    if (request.url === '/health') response.end('{}');
    else request.pipe(response.setHeader('content-type', 'application/cbor'));
  });
  await new Promise<void>((resolve) => parent.listen(0, '127.0.0.1', resolve));
  port = (parent.address() as AddressInfo).port;
});
afterAll(async () => {
  parent.closeAllConnections();
  await new Promise((resolve) => parent.close(resolve));
  for (const identity of identities) identity.close();
  client.destroy();
  await kms.close();
});

const endpoint = () => `https://127.0.0.1:${kms.endpoints[0]?.port}`;
const config = (more: object = {}) =>
  readApiConfig({
    env: {},
    file: {
      region: REGION,
      keys: { vault: clientKey, request: clientKey, integrity: clientKey },
      store: { kind: 'dynamodb', table: 'enclave-vault' },
      audit: { kind: 'log_group', name: '/enclave-vault/audit' },
      kms: { endpoint: endpoint(), ca: kms.ca },
      credentials: { ...CREDENTIALS },
      parent: `https://127.0.0.1:${port}`,
      channel: { key: clientKey, clientRoot: roots.client, serverRoot: roots.server },
      ...more,
    },
  });
const soon = () => Date.now() + 30_000;

test('asks the parent over the channel, with a certificate that KMS signed', async () => {
  const link = parentLink(config(), log);
  // A look at its health waits a second for a channel that opens, and no longer.
  await vi.waitFor(async () => expect(await link.health()).toEqual({ healthy: true }), 60_000);
  expect(Buffer.from(await link.decrypt(Buffer.from('sealed'), soon())).toString()).toBe('sealed');
  link.close();
  await expect(link.decrypt(Buffer.from('sealed'), soon())).rejects.toMatchObject({ code: 'unavailable' });
});

test('a KMS that refuses to sign is said, and asked again by a later request', async () => {
  await client.send(new DisableKeyCommand({ KeyId: clientKey }));
  logged.length = 0;
  const link = parentLink(config(), log);
  await expect(link.decrypt(Buffer.from('x'), soon())).rejects.toMatchObject({ code: 'unavailable' });
  expect(await link.health()).toEqual({ healthy: false, reason: 'channel_kms_denied' });
  // Once, unless a second passed between the two.
  const said = logged.filter(({ event }) => event === 'channel_not_open').map(({ fields }) => fields);
  expect(new Set(said.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"code":"kms_denied"}']));
  await client.send(new EnableKeyCommand({ KeyId: clientKey }));
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  expect(Buffer.from(await link.decrypt(Buffer.from('sealed'), soon())).toString()).toBe('sealed');
  link.close();
});

test('a parent below another root gets nothing', async () => {
  logged.length = 0;
  const channel = { key: clientKey, clientRoot: roots.client, serverRoot: otherRoot() };
  const link = parentLink(config({ channel }), log);
  await expect(link.decrypt(Buffer.from('x'), soon())).rejects.toMatchObject({ code: 'unavailable' });
  expect(logged.some(({ event }) => event === 'channel_refused')).toBe(true);
  link.close();
});

test('a channel that takes long is not waited for beyond the deadline, and is opened once', async () => {
  let opened = 0;
  const gate = Promise.withResolvers<void>();
  const identity = await openChannelIdentity({
    side: 'client',
    roots: roots.client,
    log,
    sign: (await import('@enclave-vault/channel/kms')).createKmsSigner({
      keyArn: clientKey,
      region: REGION,
      endpoint: endpoint(),
      ca: kms.ca,
      credentials: CREDENTIALS,
    }).sign,
  });
  const link = new ChannelParent({
    log,
    open: async () => {
      opened += 1;
      await gate.promise;
      const target = channelTarget({ host: '127.0.0.1', port, identity, serverRoots: roots.server, log });
      const made = new ParentClient(target);
      return { client: made, close: () => made.close() };
    },
  });
  await expect(link.decrypt(Buffer.from('x'), Date.now() + 30)).rejects.toMatchObject({ code: 'timed_out' });
  gate.resolve();
  const all = await Promise.all(['a', 'b'].map((text) => link.decrypt(Buffer.from(text), soon())));
  expect(all.map((bytes) => Buffer.from(bytes).toString())).toEqual(['a', 'b']);
  expect(opened).toBe(1);
  link.close();
  identity.close();
});

function otherRoot(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return createChannelRoot({ publicKey: publicKey.export({ format: 'der', type: 'spki' }), side: 'server' });
}
