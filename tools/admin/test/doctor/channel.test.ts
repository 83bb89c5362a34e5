// SPDX-License-Identifier: Apache-2.0
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { CreateKeyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  type ChannelIdentity,
  createChannelRoot,
  createChannelServer,
  openChannelIdentity,
  type Side,
} from '@enclave-vault/channel';
import { createKmsSigner, type KmsSigner } from '@enclave-vault/channel/kms';
import { channelKeyPolicy, type Statement } from '@enclave-vault/policies';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL } from '../../src/dev/deployment.ts';
import { enclaveAttestation, parent } from '../../src/doctor/checks/enclave.ts';
import { keyPolicies } from '../../src/doctor/checks/key-policies.ts';
import { kmsKeys } from '../../src/doctor/checks/keys.ts';
import { keyUses } from '../../src/doctor/checks/probes.ts';
import { type ChannelParent, channelParent } from '../../src/doctor/parent-link.ts';
import type { Subject } from '../../src/doctor/subject.ts';
import { type Deployed, deployed, findings, statuses } from './deployed.ts';

/** A deployment's keys of the channel on the emulated KMS, with a parent that answers over it. */
let here: Deployed;
let keys: Record<Side, string>;
let roots: Record<Side, string>;
let otherRoot: Record<Side, string>;
let identity: ChannelIdentity;
let server: Server;
const signers: KmsSigner[] = [];

function signer(keyArn: string, credentials: { accessKeyId: string; secretAccessKey: string }): KmsSigner {
  const { url = '', ca = '' } = here.subject.endpoints.kms ?? {};
  const made = createKmsSigner({ keyArn, region: LOCAL.region, endpoint: url, ca, credentials });
  signers.push(made);
  return made;
}

async function makeKey(side: Side): Promise<string> {
  const { KeyMetadata } = await here.deployment.send(
    new CreateKeyCommand({
      KeySpec: 'ECC_NIST_P384',
      KeyUsage: 'SIGN_VERIFY',
      Policy: JSON.stringify(channelKeyPolicy(LOCAL, side)),
    }),
  );
  return KeyMetadata?.Arn ?? '';
}

const rootOf = async (side: Side, key: string) => {
  const { api, instance } = here.principals;
  const publicKey = await signer(key, side === 'client' ? api : instance).publicKey();
  return createChannelRoot({ publicKey, side });
};

beforeAll(async () => {
  here = await deployed();
  keys = { server: await makeKey('server'), client: await makeKey('client') };
  roots = { server: await rootOf('server', keys.server), client: await rootOf('client', keys.client) };
  otherRoot = {
    server: await rootOf('server', await makeKey('server')),
    client: await rootOf('client', await makeKey('client')),
  };
  const { sign } = signer(keys.server, here.principals.instance);
  identity = await openChannelIdentity({ side: 'server', sign, roots: roots.server, log: () => undefined });
  server = createChannelServer(
    { identity, clientRoots: roots.client, log: () => undefined },
    (request, response) => {
      const body = request.url === '/enclaves' ? { enclaves: [{ state: 'healthy' }] } : { status: 'ok' };
      response.end(JSON.stringify(body));
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  identity.close();
  for (const made of signers) made.close();
});

async function found(change: Partial<ChannelParent> = {}, who: 'api' | 'instance' = 'api') {
  const { url = '', ca = '' } = here.subject.endpoints.kms ?? {};
  const credentials = { ...here.principals[who] };
  const link = channelParent({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    clientRoot: roots.client,
    serverRoot: roots.server,
    signer: { keyArn: keys.client, region: LOCAL.region, endpoint: url, ca, credentials },
    ...change,
  });
  const subject: Subject = { ...here.subject, parent: link };
  try {
    const { '': health } = await findings(parent, subject);
    const { '': document } = await findings(enclaveAttestation, subject);
    return { health, document };
  } finally {
    link.close();
  }
}

describe('a parent over the channel', () => {
  test('answers the API’s role', async () => {
    expect((await found()).health).toEqual({ status: 'ok', seen: 'enclaves: healthy' });
  });

  test('is skipped by who may not sign for the API’s side', async () => {
    const { health, document } = await found({}, 'instance');
    expect(health).toMatchObject({
      status: 'skipped',
      seen: expect.stringContaining('for the API’s role only'),
    });
    expect(document?.status).toBe('skipped');
  });

  test.each([
    [
      'below another root',
      () => ({ serverRoot: otherRoot.server }),
      'below another root than channel.serverRoot',
    ],
    [
      'that takes another client root',
      () => ({ clientRoot: otherRoot.client }),
      'channel.clientRoot is not the root of channel.key',
    ],
    ['whose root is of the other side', () => ({ serverRoot: roots.client }), 'no root of its side'],
    ['that nobody listens for', () => ({ port: 1 }), 'nothing listens there'],
  ])('%s fails, and it is said why', async (_what, change, seen) => {
    expect((await found(change())).health).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining(seen),
      mend: expect.stringContaining('channel roots'),
    });
  });

  test('that does not take this side’s certificate fails, and it is said why', async () => {
    // The right key for its root, of a deployment that is not the parent's.
    const key = await makeKey('client');
    const clientRoot = await rootOf('client', key);
    const { url = '', ca = '' } = here.subject.endpoints.kms ?? {};
    const credentials = { ...here.principals.api };
    const signerOptions = { keyArn: key, region: LOCAL.region, endpoint: url, ca, credentials };
    expect((await found({ clientRoot, signer: signerOptions })).health).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining('does not take certificates below this channel.clientRoot'),
    });
  });
});

describe('keys of the channel', () => {
  const subject = (who: 'admin' | 'api' | 'instance'): Subject => ({
    ...here.subject,
    callers: [{ name: who, credentials: here.principals[who] }],
    keys: [
      { use: 'channel-client', arn: keys.client },
      { use: 'channel-server', arn: keys.server },
    ],
  });
  const both = (status: string) => ({ 'channel-client key': status, 'channel-server key': status });

  test('sign for one role each', async () => {
    expect(await statuses(kmsKeys, subject('admin'))).toEqual(both('ok'));
    expect(await statuses(keyPolicies, subject('admin'))).toEqual(both('ok'));
    const uses = async (who: 'admin' | 'api' | 'instance') =>
      Object.fromEntries(
        Object.entries(await findings(keyUses, subject(who))).map(([of, { seen }]) => [of, seen]),
      );
    expect(await uses('api')).toEqual({
      'channel-client key': 'allowed',
      'channel-server key': 'refused, as to all but the instance role',
    });
    expect(await uses('instance')).toEqual({
      'channel-client key': 'refused, as to all but the api role',
      'channel-server key': 'allowed',
    });
  });

  test('whose policy lets another sign are found', async () => {
    const right = await here.policy(keys.client);
    const Policy = JSON.stringify({
      ...right,
      Statement: right.Statement.filter(({ Sid }: Statement) => Sid !== 'DenySignByOthers'),
    });
    await here.deployment.send(
      new PutKeyPolicyCommand({ KeyId: keys.client, PolicyName: 'default', Policy }),
    );
    expect((await findings(keyPolicies, subject('admin')))['channel-client key']).toMatchObject({
      status: 'fail',
      seen: 'missing statement DenySignByOthers',
    });
  });

  test('of the wrong kind are found', async () => {
    const mixed = { ...subject('admin'), keys: [{ use: 'channel-client', arn: here.arns.vault } as const] };
    expect((await findings(kmsKeys, mixed))['channel-client key']?.seen).toContain(
      'spec is SYMMETRIC_DEFAULT, not ECC_NIST_P384',
    );
  });
});
