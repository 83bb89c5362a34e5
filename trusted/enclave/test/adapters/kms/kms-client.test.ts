// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerOptions, type Server as TlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { envelopedData, issueCertificate } from '@enclave-vault/emulator-pki';
import { type EnclaveConfiguration, encodeConfiguration, parseConfiguration } from '@enclave-vault/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.ts';
import { KmsClient } from '../../../src/adapters/kms/kms-client.ts';
import type { KmsDecrypt } from '../../../src/ports.ts';

/** A KMS that does what it should not; what it should do is tested with the emulator. */
const HOST = 'kms.eu-central-1.vault.internal';
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1';
const YEAR = 365 * 86_400_000;

const ecKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
function authority() {
  const key = ecKey();
  const times = { notBefore: Date.now() - YEAR, notAfter: Date.now() + YEAR };
  const root = issueCertificate({ ...times, subject: 'root', key, ca: true, keyUsage: ['keyCertSign'] });
  return {
    pem: root.pem,
    issue(name = HOST, changes = {}) {
      const leaf = ecKey();
      const { pem } = issueCertificate({
        ...times,
        subject: name,
        key: leaf,
        ca: false,
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth'],
        san: { dns: [name] },
        issuer: { certificate: root.der, key },
        ...changes,
      });
      return { cert: pem, key: leaf.export({ type: 'pkcs8', format: 'pem' }) };
    },
  };
}
const CA = authority();

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const CALL: KmsDecrypt = {
  ciphertext: Buffer.from('blob'),
  keyArn: ARN,
  context: { vault_id: 'v' },
  credentials: { accessKeyId: 'A'.repeat(20), secretAccessKey: 's', sessionToken: 't', expiration: null },
  recipient: {
    privateKey: rsa.privateKey,
    publicKey: Buffer.alloc(1),
    document: Buffer.from('document'),
    attestedAt: 0,
  },
  timeoutMs: 3_000,
};

const SECRET = randomBytes(32);
const answer = (changes = {}): string =>
  JSON.stringify({
    KeyId: ARN,
    CiphertextForRecipient: envelopedData(rsa.publicKey, SECRET).toString('base64'),
    ...changes,
  });

const open: (Server | TlsServer)[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});

type Handler = NonNullable<Parameters<typeof createServer>[1]>;

async function client(handler: Handler, options: ServerOptions = CA.issue(), roots = [CA.pem]) {
  const server = createServer(options, handler);
  return { server, ...(await clientOf(server, roots)) };
}

async function clientOf(server: Server | TlsServer, roots = [CA.pem]) {
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const configuration: EnclaveConfiguration = parseConfiguration(
    encodeConfiguration({
      region: 'eu-central-1',
      kmsHost: HOST,
      kmsPort: 443,
      tlsRoots: roots,
      vaultKeyArns: [ARN],
      requestKeyArns: [`${ARN}2`],
      legacyKeyArns: [],
    }),
  );
  const dialled: Duplex[] = [];
  const dial = (): Duplex => {
    const socket = connect(port, '127.0.0.1');
    dialled.push(socket);
    return socket;
  };
  return { kms: new KmsClient(configuration, dial, systemClock()), dialled };
}

describe('the request', () => {
  test('is what the API reference says', async () => {
    let asked: unknown;
    const { kms } = await client(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      asked = {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: JSON.parse(String(body)),
      };
      response.end(answer());
    });
    expect(await kms.decrypt(CALL)).toEqual(SECRET);
    expect(asked).toMatchObject({
      method: 'POST',
      url: '/',
      headers: {
        host: HOST,
        'x-amz-target': 'TrentService.Decrypt',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-security-token': 't',
      },
      body: {
        CiphertextBlob: Buffer.from('blob').toString('base64'),
        KeyId: ARN,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        EncryptionContext: { vault_id: 'v' },
        Recipient: {
          KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
          AttestationDocument: Buffer.from('document').toString('base64'),
        },
      },
    });
  });

  test('has no context where there is none', async () => {
    let body = '';
    const { kms } = await client(async (request, response) => {
      body = String(Buffer.concat(await request.toArray()));
      response.end(answer());
    });
    await kms.decrypt({ ...CALL, context: null });
    expect(Object.keys(JSON.parse(body))).not.toContain('EncryptionContext');
  });
});

describe('answers not to be believed', () => {
  const cases: [string, Handler, string][] = [
    ['a plaintext', (_, response) => response.end(answer({ Plaintext: 'AAAA' })), 'plaintext_in_answer'],
    ['garbage', (_, response) => response.end('garbage'), 'not_json'],
    ['nothing', (_, response) => response.end(), 'not_json'],
    ['another key', (_, response) => response.end(answer({ KeyId: `${ARN}2` })), 'other_key'],
    [
      'a redirect, which is not followed',
      (_, response) => response.writeHead(307, { location: 'https://localhost/' }).end(),
      'status',
    ],
    ['a fault', (_, response) => response.writeHead(503).end(answer()), 'server_error'],
    ['more than 64 KiB', (_, response) => response.end('x'.repeat(70_000)), 'answer_incomplete'],
    [
      'headers without end',
      (_, response) => response.writeHead(200, { x: 'a'.repeat(10_000) }).end(answer()),
      'connection_lost',
    ],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': 1_000 }).write('{');
        setTimeout(() => response.destroy(), 50);
      },
      'answer_incomplete',
    ],
    ['a closed connection', (_, response) => response.destroy(), 'connection_lost'],
  ];
  test.each(cases)('%s', async (_, handler, detail) => {
    const { kms } = await client(handler);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail });
  });

  test.each<[string, Handler]>([
    ['no answer', () => undefined],
    [
      'one byte at a time',
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('%s ends with the time', async (_, handler) => {
    const { kms } = await client(handler);
    const began = performance.now();
    await expect(kms.decrypt({ ...CALL, timeoutMs: 200 })).rejects.toMatchObject({ detail: 'timed_out' });
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('connections', () => {
  test('are used again', async () => {
    const { kms, dialled } = await client((_, response) => response.end(answer()));
    for (let i = 0; i < 3; i++) expect(await kms.decrypt(CALL)).toEqual(SECRET);
    expect(dialled).toHaveLength(1);
  });

  test('that KMS closed meanwhile are replaced without a word', async () => {
    const { kms, server, dialled } = await client((_, response) => response.end(answer()));
    await kms.decrypt(CALL);
    server.closeAllConnections();
    expect(await kms.decrypt(CALL)).toEqual(SECRET);
    expect(dialled).toHaveLength(2);
  });

  test('that die on a second use are tried once more, and only once', async () => {
    let asked = 0;
    const { kms } = await client((request, response) => {
      asked += 1;
      if (asked === 1) response.end(answer());
      else request.socket.destroy();
    });
    await kms.decrypt(CALL);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ detail: 'connection_lost' });
    expect(asked).toBe(3);
  });
});

describe('somebody else’s certificate', () => {
  const never: Handler = () => {
    throw new Error('a request reached a server that did not prove itself');
  };
  const stranger = authority();

  test.each<[string, ServerOptions, string[]]>([
    ['of another root', stranger.issue(), [CA.pem]],
    ['of another host', CA.issue('kms.eu-west-1.vault.internal'), [CA.pem]],
    ['past its time', CA.issue(HOST, { notAfter: Date.now() - 60_000 }), [CA.pem]],
    ['not for servers', CA.issue(HOST, { extendedKeyUsage: ['clientAuth'] }), [CA.pem]],
    [
      'under TLS 1.1',
      { ...CA.issue(), minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      [CA.pem],
    ],
    [
      'without forward secrecy',
      { ...CA.issue(), maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' },
      [CA.pem],
    ],
  ])('%s: not a byte is sent', async (_, options, roots) => {
    const { kms } = await client(never, options, roots);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail: 'connection_lost' });
  });

  test('none at all: no TLS', async () => {
    let got = Buffer.alloc(0);
    const plain = createTcpServer((socket) => {
      socket.on('data', (chunk) => {
        got = Buffer.concat([got, chunk]);
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      });
      socket.on('error', () => undefined);
    });
    const { kms } = await clientOf(plain);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ detail: 'connection_lost' });
    expect(got[0]).toBe(0x16);
    expect(got.includes('TrentService')).toBe(false);
  });

  test('a relay that leads nowhere', async () => {
    const { kms } = await clientOf(createTcpServer(() => undefined));
    await expect(kms.decrypt({ ...CALL, timeoutMs: 200 })).rejects.toMatchObject({ detail: 'timed_out' });
    for (const server of open.splice(0)) server.close();
    const gone = new KmsClient(
      parseConfiguration(
        encodeConfiguration({
          region: 'x',
          kmsHost: HOST,
          tlsRoots: [CA.pem],
          vaultKeyArns: [ARN],
          requestKeyArns: [`${ARN}2`],
          legacyKeyArns: [],
        }),
      ),
      () => connect('/nonexistent/kms.sock'),
      systemClock(),
    );
    await expect(gone.decrypt(CALL)).rejects.toMatchObject({ detail: 'connection_lost' });
  });
});
