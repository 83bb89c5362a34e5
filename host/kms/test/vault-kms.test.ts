// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import dns from 'node:dns';
import { Agent } from 'node:https';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  type KmsEmulator,
  type KmsEmulatorConfig,
  type PrincipalConfig,
  startKmsEmulator,
} from '@enclave-vault/emulator-kms';
import {
  apiIdentityPolicy,
  type Deployment,
  deploymentIdentityPolicy,
  INTEGRITY_PURPOSE_PREFIX,
  integrityKeyPolicy,
  REQUEST_PURPOSE,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { INTEGRITY_PURPOSES, KmsError } from '@enclave-vault/vault';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createVaultKms, type VaultKmsClient, type VaultKmsOptions } from '../src/index.ts';

/* Against the emulator, under the key policies that AWS gets: what these calls send is what those policies want. */

const region = 'eu-central-1';
const account = '111122223333';
const arn = (name: string) => `arn:aws:iam::${account}:role/${name}`;
const deployment: Deployment = {
  partition: 'aws',
  account,
  region,
  name: 'vault',
  network: { vpcId: 'vpc-0a' },
  roles: {
    api: arn('api'),
    instance: arn('instance'),
    deployment: arn('deployment'),
    breakGlass: arn('break-glass'),
  },
};
const api: PrincipalConfig = {
  arn: arn('api'),
  accessKeyId: 'AKIAEXAMPLE0000000A1',
  secretAccessKey: 'secret of the api',
  sessionToken: 'token of the api',
  identityPolicies: [apiIdentityPolicy(deployment)],
};
const deployer: PrincipalConfig = {
  arn: arn('deployment'),
  accessKeyId: 'AKIAEXAMPLE0000000D1',
  secretAccessKey: 'secret of the deployment',
  identityPolicies: [deploymentIdentityPolicy(deployment)],
};
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function start(
  config: Partial<KmsEmulatorConfig> = {},
  hooks: Parameters<typeof startKmsEmulator>[1] = {},
): Promise<KmsEmulator> {
  const settings = {
    region,
    account,
    stateFile: null,
    attestationRoots: [],
    principals: [api, deployer],
    otherPrincipals: [arn('instance'), arn('break-glass')],
    listeners: [
      { host: '127.0.0.1', port: 0, network: { sourceVpc: 'vpc-0a' } },
      { host: '127.0.0.1', port: 0, network: null },
    ],
    ...config,
  };
  const emulator = await startKmsEmulator(settings, hooks);
  closing.push(emulator.close);
  return emulator;
}

function admin(emulator: KmsEmulator): KMSClient {
  const client = new KMSClient({
    region,
    endpoint: emulator.endpoints[1]?.url ?? '',
    credentials: { ...deployer },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: emulator.ca }) }),
  });
  closing.push(() => client.destroy());
  return client;
}

async function createKeys(emulator: KmsEmulator): Promise<VaultKmsOptions['keys']> {
  const client = admin(emulator);
  const create = async (policy: object) => {
    const made = await client.send(new CreateKeyCommand({ Policy: JSON.stringify(policy) }));
    return made.KeyMetadata?.Arn ?? '';
  };
  return {
    vault: await create(vaultKeyPolicy(deployment, null)),
    request: await create(requestKeyPolicy(deployment, null)),
    integrity: await create(integrityKeyPolicy(deployment)),
  };
}

function vaultKms(emulator: KmsEmulator, keys: VaultKmsOptions['keys'], more: object = {}): VaultKmsClient {
  const client = createVaultKms({
    region,
    endpoint: emulator.endpoints[0]?.url ?? '',
    ca: emulator.ca,
    credentials: api,
    keys,
    ...more,
  });
  closing.push(() => client.close());
  return client;
}

const emulator = await start();
const keys = await createKeys(emulator);
const kms = vaultKms(emulator, keys);
const context = { vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', tenant_id: 'default' };

/** Opens all connections beforehand: on a busy machine their handshakes take longer than the turns that are looked at. */
async function connect(client: VaultKmsClient): Promise<void> {
  await Promise.all(Array.from({ length: 64 }, () => client.generateRequestKey()));
}

async function failure(call: Promise<unknown>): Promise<KmsError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KmsError)) throw new Error(`not a KmsError: ${inspect(error)}`);
  return error;
}

describe('createVaultKms', () => {
  it('makes P-384 key pairs of which it never sees the private half', async () => {
    const pair = await kms.generateRecordKeyPair(context);
    const key = createPublicKey({ key: Buffer.from(pair.publicKey), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
    expect(pair.wrappedPrivateKey.length).toBeLessThanOrEqual(6144);
    expect(pair.keyArn).toBe(keys.vault);
    expect(Object.keys(pair)).toEqual(['publicKey', 'wrappedPrivateKey', 'keyArn']);
  });

  it('makes request keys', async () => {
    const [one, two] = await Promise.all([kms.generateRequestKey(), kms.generateRequestKey()]);
    expect(one.key).toHaveLength(32);
    expect(one.key).not.toEqual(two.key);
    expect(one.wrapped.length).toBeLessThanOrEqual(6144);
  });

  it.each(INTEGRITY_PURPOSES)('makes %s keys and unwraps them for that purpose only', async (purpose) => {
    const { key, wrapped } = await kms.generateIntegrityKey(purpose);
    expect(key).toHaveLength(32);
    expect(await kms.unwrapIntegrityKey(wrapped, purpose)).toEqual(key);
    for (const other of INTEGRITY_PURPOSES.filter((name) => name !== purpose)) {
      expect((await failure(kms.unwrapIntegrityKey(wrapped, other))).code).toBe('invalid');
    }
  });

  it('sends the contexts that the policies pin', async () => {
    expect(REQUEST_PURPOSE).toBe('enclave-request/1');
    expect(INTEGRITY_PURPOSE_PREFIX).toBe('integrity/');
    const events: unknown[] = [];
    const watched = await startKmsEmulator(
      {
        region,
        account,
        stateFile: null,
        attestationRoots: [],
        principals: [api],
        listeners: [{ host: '127.0.0.1', port: 0, network: null }],
      },
      { onEvent: (event) => events.push(event.requestParameters) },
    );
    closing.push(watched.close);
    const client = vaultKms(watched, { vault: 'alias/v', request: 'alias/r', integrity: 'alias/i' });
    await failure(client.generateRecordKeyPair(context));
    await failure(client.generateRequestKey());
    await failure(client.unwrapIntegrityKey(Buffer.alloc(60, 1), 'audit'));
    expect(events).toEqual([
      { keyId: 'alias/v', keyPairSpec: 'ECC_NIST_P384', encryptionContext: context },
      { keyId: 'alias/r', keySpec: 'AES_256', encryptionContext: { purpose: 'enclave-request/1' } },
      {
        keyId: 'alias/i',
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        encryptionContext: { purpose: 'integrity/audit' },
      },
    ]);
  });
});

describe('its errors', () => {
  it('are `invalid` for a wrapped key that was altered or is another key’s', async () => {
    const { wrapped } = await kms.generateIntegrityKey('record');
    const altered = Buffer.from(wrapped);
    altered[40] = (altered[40] ?? 0) ^ 1;
    expect((await failure(kms.unwrapIntegrityKey(altered, 'record'))).code).toBe('invalid');
    expect((await failure(kms.unwrapIntegrityKey(Buffer.from('x'), 'record'))).code).toBe('invalid');
    const { wrapped: others } = await kms.generateRequestKey();
    expect((await failure(kms.unwrapIntegrityKey(others, 'record'))).code).toBe('invalid');
  });

  it('are `denied` for policies, contexts, states and credentials', async () => {
    const bad = { ...context, tenant_id: '' };
    expect((await failure(kms.generateRecordKeyPair(bad))).code).toBe('denied');
    const swapped = vaultKms(emulator, { vault: keys.request, request: keys.vault, integrity: keys.vault });
    expect((await failure(swapped.generateRecordKeyPair(context))).code).toBe('denied');
    expect((await failure(swapped.generateRequestKey())).code).toBe('denied');
    expect((await failure(swapped.generateIntegrityKey('record'))).code).toBe('denied');
    const outside = vaultKms(emulator, keys, { endpoint: emulator.endpoints[1]?.url });
    expect((await failure(outside.generateRequestKey())).code).toBe('denied');
    const impostor = vaultKms(emulator, keys, { credentials: { ...api, secretAccessKey: 'guessed' } });
    expect((await failure(impostor.generateRequestKey())).code).toBe('denied');
    const { integrity } = await createKeys(emulator);
    await admin(emulator).send(new DisableKeyCommand({ KeyId: integrity }));
    const disabled = vaultKms(emulator, { ...keys, integrity });
    expect((await failure(disabled.generateIntegrityKey('audit'))).code).toBe('denied');
  });

  it('are `throttled` when KMS asks for patience', async () => {
    const busy = await start({ quotas: { symmetric: 1 } });
    const client = vaultKms(busy, await createKeys(busy));
    const calls = Array.from({ length: 6 }, () =>
      client.generateRequestKey().then(
        () => 'none',
        (error: KmsError) => error.code,
      ),
    );
    expect(await Promise.all(calls)).toContain('throttled');
  });

  it('come after one attempt where nobody waits, and after three where somebody does', async () => {
    const asked: string[] = [];
    const busy = await start(
      { quotas: { keyPairs: 0.001 } },
      { onEvent: ({ eventName }) => void asked.push(String(eventName)) },
    );
    const client = vaultKms(busy, await createKeys(busy));
    const attempts = async (once: boolean): Promise<number> => {
      asked.length = 0;
      expect((await failure(client.generateRecordKeyPair(context, { once }))).code).toBe('throttled');
      return asked.length;
    };
    expect([await attempts(true), await attempts(false)]).toEqual([1, 3]);
  });

  it('gives a call its time from its turn on: of more than there are connections for, those behind are not late', async () => {
    const distant = await start({ latencyMs: 1_500 });
    // Far more than one takes, also on a machine that is busy, and less than all of them.
    const patient = vaultKms(distant, await createKeys(distant), { timeoutMs: 8_000 });
    await connect(patient);
    // In turns of 64, the last of which begins when the time of the first is long over.
    const calls = Array.from({ length: 400 }, () => patient.generateRecordKeyPair(context, { once: true }));
    expect((await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  it('gives a call of another kind the next turns: a request key is not behind the key pairs of whoever makes many', async () => {
    const asked: string[] = [];
    const distant = await start(
      { latencyMs: 100 },
      { onEvent: ({ eventName }) => void asked.push(String(eventName)) },
    );
    const client = vaultKms(distant, await createKeys(distant), { timeoutMs: 30_000 });
    await connect(client);
    const pairs = Array.from({ length: 400 }, () => client.generateRecordKeyPair(context, { once: true }));
    asked.length = 0;
    await Promise.all([...pairs, client.generateRequestKey()]);
    expect(asked).toHaveLength(401);
    // 64 are under way when it is asked for, and those sent beside it may arrive before it.
    expect(asked.indexOf('GenerateDataKey')).toBeLessThan(3 * 64);
  });

  it('gives callers turns: one who wants one pair is not behind all of another', async () => {
    const distant = await start({ latencyMs: 100 });
    const client = vaultKms(distant, await createKeys(distant), { timeoutMs: 30_000 });
    await connect(client);
    let made = 0;
    const hundreds = Array.from({ length: 400 }, async () => {
      await client.generateRecordKeyPair(context, { actor: 'key_many' });
      made += 1;
    });
    await client.generateRecordKeyPair(context, { actor: 'key_one' });
    // 64 are under way when it is asked for, and as many may end beside it.
    expect(made).toBeLessThan(3 * 64);
    await Promise.all(hundreds);
  });

  it('are `unavailable` when a turn does not come in time: calls that nobody waits for any more are never sent', async () => {
    let sent = 0;
    const silent = createServer((socket) => {
      sent += 1;
      socket.on('error', () => undefined);
      closing.push(() => socket.destroy());
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push(() => silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const slow = vaultKms(emulator, keys, { endpoint: `https://127.0.0.1:${port}`, timeoutMs: 200 });
    const calls = Array.from({ length: 1_000 }, () =>
      failure(slow.generateRecordKeyPair(context, { once: true })),
    );
    expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(new Set(['unavailable']));
    expect(sent).toBeLessThan(700);
  });

  it('are `unavailable` when nobody answers, in bounded time', async () => {
    const silent = createServer((socket) => closing.push(() => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push(() => silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const start = performance.now();
    const slow = vaultKms(emulator, keys, { endpoint: `https://127.0.0.1:${port}`, timeoutMs: 200 });
    expect((await failure(slow.generateRequestKey())).code).toBe('unavailable');
    expect(performance.now() - start).toBeLessThan(5000);
    const nowhere = vaultKms(emulator, keys, { endpoint: 'https://127.0.0.1:1' });
    expect((await failure(nowhere.generateRequestKey())).code).toBe('unavailable');
    const untrusting = vaultKms(emulator, keys, { ca: undefined });
    expect((await failure(untrusting.generateRequestKey())).code).toBe('unavailable');
  });

  it('hold no secret: neither key, ciphertext, credentials nor what the SDK knows', async () => {
    const { wrapped } = await kms.generateIntegrityKey('record');
    const errors = await Promise.all([
      failure(kms.unwrapIntegrityKey(wrapped, 'audit')),
      failure(kms.generateRecordKeyPair({ ...context, tenant_id: '' })),
      failure(
        vaultKms(emulator, keys, { credentials: { ...api, sessionToken: 'guessed' } }).generateRequestKey(),
      ),
    ]);
    expect(errors.map((error) => error.message)).toEqual([
      'Decrypt: InvalidCiphertextException',
      'GenerateDataKeyPairWithoutPlaintext: AccessDeniedException',
      'GenerateDataKey: UnrecognizedClientException',
    ]);
    const text = inspect(errors, { depth: 10, showHidden: true });
    for (const secret of [
      Buffer.from(wrapped).toString('base64'),
      api.secretAccessKey,
      'guessed',
      '$metadata',
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('the endpoint', () => {
  it.each([
    [{}, `kms.${region}.amazonaws.com`],
    [{ fips: true }, `kms-fips.${region}.amazonaws.com`],
    [{ fips: true, endpoint: 'https://kms.example.com' }, 'kms.example.com'],
  ])('of %j is %s', async (options, host) => {
    const asked: string[] = [];
    const refuse = (name: string, _options: unknown, done: (error: Error) => void) => {
      asked.push(name);
      done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    };
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(refuse as typeof dns.lookup);
    const keys = { vault: 'v', request: 'r', integrity: 'i' };
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
    const kms = createVaultKms({ region, keys, credentials, timeoutMs: 500, ...options });
    await expect(kms.generateRequestKey()).rejects.toMatchObject({ code: 'unavailable' });
    kms.close();
    lookup.mockRestore();
    expect(new Set(asked)).toEqual(new Set([host]));
  });
});
