// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerOptions, type Server as TlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { envelopedData, issueCertificate } from '@enclave-vault/emulator-pki';
import { type EnclaveConfiguration, encodeConfiguration, parseConfiguration } from '@enclave-vault/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.ts';
import { dialUnix } from '../../../src/adapters/dial-unix.ts';
import { KmsClient } from '../../../src/adapters/kms/kms-client.ts';
import type { KmsDecrypt } from '../../../src/ports.ts';
import { dialTcp } from '../../support/dial.ts';

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
  timeoutMs: 30_000,
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

async function client(
  handler: Handler,
  options: ServerOptions = CA.issue(),
  roots = [CA.pem],
  kmsPort = 443,
) {
  const server = createServer(options, handler);
  return { server, ...(await clientOf(server, roots, kmsPort)) };
}

async function clientOf(server: Server | TlsServer, roots = [CA.pem], kmsPort = 443) {
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const configuration: EnclaveConfiguration = parseConfiguration(
    encodeConfiguration({
      region: 'eu-central-1',
      kmsHost: HOST,
      kmsPort,
      tlsRoots: roots,
      vaultKeyArns: [ARN],
      requestKeyArns: [`${ARN}2`],
      legacyKeyArns: [],
    }),
  );
  const dialled: Duplex[] = [];
  const events: Record<string, string | number>[] = [];
  const dial = dialTcp(port, (socket) => dialled.push(socket));
  const kms = new KmsClient(configuration, dial, systemClock(), (event, details) =>
    events.push({ event, ...details }),
  );
  return { kms, dialled, events };
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

  test('names the port of KMS where it is another than that of HTTPS', async () => {
    const hosts: (string | undefined)[] = [];
    for (const port of [443, 4566]) {
      const { kms } = await client(
        (request, response) => {
          hosts.push(request.headers.host);
          response.end(answer());
        },
        CA.issue(),
        [CA.pem],
        port,
      );
      await kms.decrypt(CALL);
    }
    expect(hosts).toEqual([HOST, `${HOST}:4566`]);
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
    expect(performance.now() - began).toBeLessThan(20_000);
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

describe('a refusal', () => {
  const refusing = (type: string, ahead = 0) =>
    client((_, response) => {
      response.setHeader('date', new Date(Date.now() + ahead).toUTCString());
      response.writeHead(400).end(JSON.stringify({ __type: `com.amazonaws.kms#${type}`, message: 'no' }));
    });

  test.each([
    ['ThrottlingException', 'unavailable'],
    ['KMSInternalException', 'unavailable'],
    ['ExpiredTokenException', 'unavailable'],
    ['AccessDeniedException', 'denied'],
    ['InvalidSignatureException', 'unavailable'],
    ['SignatureDoesNotMatch', 'unavailable'],
  ])('%s: %s, and no word about the clock', async (type, code) => {
    const { kms, events } = await refusing(type);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code, detail: type });
    expect(events).toEqual([]);
  });

  test.each([
    ['InvalidSignatureException', 900_000],
    ['SignatureDoesNotMatch', -900_000],
    ['RequestExpired', 900_000],
    ['RequestExpired', 0],
    ['RequestTimeTooSkewed', 900_000],
  ])('%s, KMS %s ms ahead: it is the clock', async (type, ahead) => {
    const { kms, events } = await refusing(type, ahead);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail: 'clock_skew' });
    expect(events).toMatchObject([{ event: 'clock_skew', detail: type }]);
    expect(Math.abs(Number(events[0]?.seconds) - ahead / 1000)).toBeLessThan(60);
  });

  test('another, of a KMS of another time: what it says it is', async () => {
    const { kms, events } = await refusing('AccessDeniedException', 900_000);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({
      code: 'denied',
      detail: 'AccessDeniedException',
    });
    expect(events).toEqual([]);
  });
});

describe('somebody else’s certificate', () => {
  const never: Handler = () => {
    throw new Error('a request reached a server that did not prove itself');
  };
  const stranger = authority();

  test.each<[string, ServerOptions, string]>([
    ['of another root', stranger.issue(), 'certificate_untrusted'],
    ['of another host', CA.issue('kms.eu-west-1.vault.internal'), 'certificate_name'],
    ['not for servers', CA.issue(HOST, { extendedKeyUsage: ['clientAuth'] }), 'certificate_untrusted'],
    [
      'under TLS 1.1',
      { ...CA.issue(), minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'tls_failed',
    ],
    [
      'without forward secrecy',
      { ...CA.issue(), maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' },
      'tls_failed',
    ],
  ])('%s: not a byte is sent', async (_, options, detail) => {
    const { kms, events } = await client(never, options);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail });
    expect(events).toEqual([]);
  });

  test.each<[string, ServerOptions, string]>([
    ['past its time', CA.issue(HOST, { notAfter: Date.now() - 60_000 }), 'certificate_expired'],
    ['before its time', CA.issue(HOST, { notBefore: Date.now() + 3_600_000 }), 'certificate_not_yet_valid'],
  ])('%s: not a byte is sent, and the log asks about the clock', async (_, options, detail) => {
    const { kms, events } = await client(never, options);
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail: 'clock_skew' });
    expect(events).toEqual([{ event: 'clock_skew', detail }]);
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
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ detail: 'tls_failed' });
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
      dialUnix('/nonexistent/kms.sock'),
      systemClock(),
      () => undefined,
    );
    await expect(gone.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail: 'relay_down' });
  });

  test('a relay that finds no KMS, and closes', async () => {
    const { kms } = await clientOf(createTcpServer((socket) => socket.destroy()));
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ code: 'unavailable', detail: 'relay_closed' });
  });

  test('a relay that does not answer at all: given up after two seconds', async () => {
    const { kms } = await clientOf(createTcpServer(() => undefined));
    await expect(kms.decrypt(CALL)).rejects.toMatchObject({ detail: 'connect_timed_out' });
  });
});
