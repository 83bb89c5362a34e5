// SPDX-License-Identifier: Apache-2.0
/** Whoever is not the other side gets no connection, and not a byte of HTTP is read from him or sent to him. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { type CertificateRequest, issueCertificate } from '@enclave-vault/emulator-pki';
import { HttpClient } from '@enclave-vault/parent/http-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIENT_URI, channelTarget, SERVER_NAME } from '../src/index.ts';
import { Deployment, logTo, TestKey, until } from './support.ts';

const NOW = Date.now();
const HOUR = 3_600_000;
const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;

let ours: Deployment;
beforeEach(() => {
  ours = new Deployment();
});
afterEach(() => ours.end());

interface Credentials {
  readonly key: string;
  readonly cert: string;
}

/** A certificate with the right name and purpose of `side`, but for what is changed. */
function forge(
  side: 'server' | 'client',
  root: TestKey,
  more: Partial<CertificateRequest> = {},
): Credentials {
  const key = newKey();
  const { pem } = issueCertificate({
    subject: 'forged',
    key,
    issuer: { certificate: root.root(side), key: root.privateKey },
    notBefore: NOW - HOUR,
    notAfter: NOW + HOUR,
    ca: false,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [side === 'server' ? 'serverAuth' : 'clientAuth'],
    san: side === 'server' ? { dns: [SERVER_NAME] } : { uri: [CLIENT_URI] },
    ...more,
  });
  return { key: pkcs8(key), cert: pem };
}

const pkcs8 = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();

/** An authority as the public ones are: self-signed, no limits. */
function publicAuthority() {
  const key = newKey();
  const profile = { subject: 'A Public CA', key, notBefore: NOW - HOUR, notAfter: NOW + HOUR, ca: true };
  return { key, certificate: issueCertificate({ ...profile, keyUsage: ['keyCertSign'] }).pem };
}

/** A client that trusts any server, sends a request at once, and gives back all it gets. */
function attack(port: number, options: tls.ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      servername: SERVER_NAME,
      rejectUnauthorized: false,
      ...options,
    });
    socket.on('data', (data) => (got += data));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
    socket.write(
      'POST /decrypt HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 4\r\n\r\nevil',
    );
  });
}

describe('the server refuses a client', () => {
  const other = new TestKey();

  const attacks: [string, string, () => Promise<tls.ConnectionOptions> | tls.ConnectionOptions][] = [
    ['without a certificate', 'no_certificate', () => ({})],
    ['below another root of the same name', 'untrusted', () => forge('client', other)],
    ['with a certificate of the server side', 'wrong_purpose', () => forge('server', ours.serverKey)],
    [
      'with the identity of a parent itself',
      'wrong_purpose',
      async () => {
        const { key, cert } = (await ours.identity('server')).current();
        return { key, cert };
      },
    ],
    [
      'of the other purpose below the right root',
      'wrong_purpose',
      () => forge('client', ours.clientKey, { extendedKeyUsage: ['serverAuth'] }),
    ],
    [
      'of both purposes',
      'wrong_purpose',
      () => forge('client', ours.clientKey, { extendedKeyUsage: ['clientAuth', 'serverAuth'] }),
    ],
    ['that expired', 'expired', () => forge('client', ours.clientKey, { notAfter: NOW - 1000 })],
    [
      'whose time has not come',
      'not_yet_valid',
      () => forge('client', ours.clientKey, { notBefore: NOW + HOUR / 2 }),
    ],
    [
      'with a certificate for ten years',
      'wrong_lifetime',
      () => forge('client', ours.clientKey, { notAfter: NOW + 87_600 * HOUR }),
    ],
    [
      'of another name',
      'wrong_name',
      () => forge('client', ours.clientKey, { san: { uri: ['spiffe://enclave-vault.internal/canary'] } }),
    ],
    [
      'of two names',
      'wrong_name',
      () => forge('client', ours.clientKey, { san: { uri: [CLIENT_URI, `${CLIENT_URI}2`] } }),
    ],
    [
      'of a name that the root does not permit',
      'untrusted',
      () => forge('client', ours.clientKey, { san: { uri: ['spiffe://elsewhere.internal/api'] } }),
    ],
    [
      'that is an authority itself',
      'wrong_purpose',
      () => forge('client', ours.clientKey, { ca: true, keyUsage: ['digitalSignature', 'keyCertSign'] }),
    ],
    [
      'that vouches for itself',
      'untrusted',
      () => {
        const key = newKey();
        const own = { subject: 'enclave-vault api', key, notBefore: NOW - HOUR, notAfter: NOW + HOUR };
        const names = { extendedKeyUsage: ['clientAuth'] as const, san: { uri: [CLIENT_URI] } };
        return { key: pkcs8(key), cert: issueCertificate({ ...own, ...names }).pem };
      },
    ],
    ['of a public authority', 'untrusted', () => forge('client', other, { issuer: publicAuthority() })],
    [
      'below a leaf that plays authority',
      'untrusted',
      async () => {
        const { key, cert } = (await ours.identity('client')).current();
        const below = forge('client', other, { issuer: { certificate: cert, key: createPrivateKey(key) } });
        return { key: below.key, cert: below.cert + cert };
      },
    ],
    ['that names no server', 'untrusted', async () => ({ ...(await identityOf('client')), servername: '' })],
    [
      'that speaks TLS 1.2',
      'protocol',
      async () => ({ ...(await identityOf('client')), maxVersion: 'TLSv1.2' }),
    ],
    [
      'with another suite',
      'protocol',
      async () => ({ ...(await identityOf('client')), ciphers: 'TLS_AES_128_GCM_SHA256' }),
    ],
  ];
  const identityOf = async (side: 'client') => {
    const { key, cert } = (await ours.identity(side)).current();
    return { key, cert };
  };

  it.each(attacks)('%s: %s', async (_what, reason, credentials) => {
    const { port, seen } = await ours.serve();
    expect(await attack(port, await credentials())).toBe('');
    await until(() => ours.refusals('server').length > 0);
    expect(ours.refusals('server')).toEqual([reason]);
    expect(seen).toEqual([]);
  });

  it('and lets in the one it is for', async () => {
    const { port, seen } = await ours.serve();
    expect(await attack(port, await identityOf('client'))).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\nevil\r\n/);
    expect(await attack(port, forge('client', ours.clientKey))).toMatch(/^HTTP\/1.1 200 /);
    expect(seen).toHaveLength(2);
    expect(ours.refusals('server')).toEqual([]);
  });

  it('that resumes nothing: every connection is a whole handshake', async () => {
    const { port } = await ours.serve();
    const sessions: Buffer[] = [];
    const once = async (session?: Buffer) => {
      const options = { ...(await identityOf('client')), ...(session === undefined ? {} : { session }) };
      return new Promise<boolean>((resolve, reject) => {
        const socket = tls.connect({
          host: '127.0.0.1',
          port,
          servername: SERVER_NAME,
          ca: ours.serverRoots,
          allowPartialTrustChain: true,
          ...options,
        });
        socket.on('session', (ticket) => sessions.push(ticket));
        socket.on('error', reject);
        socket.on('data', () => {
          resolve(socket.isSessionReused());
          socket.destroy();
        });
        socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
      });
    };
    expect(await once()).toBe(false);
    // Whatever ticket the server may have given is worth nothing.
    expect(await once(sessions[0])).toBe(false);
  });

  it('that says nothing, or nothing sensible', async () => {
    const { port, seen } = await ours.serve({ handshakeMs: 100 });
    const closed = (bytes?: string) =>
      new Promise<void>((resolve) => {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', () => undefined).on('close', () => resolve());
        if (bytes !== undefined) socket.write(bytes);
      });
    await Promise.all([closed(), closed('POST /decrypt HTTP/1.1\r\nhost: localhost\r\n\r\n')]);
    await until(() => ours.refusals('server').length === 2);
    expect(ours.refusals('server').toSorted()).toEqual(['protocol', 'timeout']);
    expect(seen).toEqual([]);
  });
});

describe('the client refuses a server', () => {
  const other = new TestKey();
  /** A TLS server that takes any client and notes all that it is sent. */
  async function impostor(options: tls.TlsOptions): Promise<{ port: number; got: () => string }> {
    let got = '';
    const server = tls.createServer(options, (socket) => {
      socket.on('error', () => undefined).on('data', (data) => (got += data));
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ours.onEnd(() => server.close());
    return { port: (server.address() as net.AddressInfo).port, got: () => got };
  }

  const servers: [string, string, () => Promise<tls.TlsOptions> | tls.TlsOptions][] = [
    ['below another root of the same name', 'untrusted', () => forge('server', other)],
    ['with a certificate of the client side', 'wrong_purpose', () => forge('client', ours.clientKey)],
    [
      'of the other purpose below the right root',
      'wrong_purpose',
      () => forge('server', ours.serverKey, { extendedKeyUsage: ['clientAuth'] }),
    ],
    ['that expired', 'expired', () => forge('server', ours.serverKey, { notAfter: NOW - 1000 })],
    [
      'whose time has not come',
      'not_yet_valid',
      () => forge('server', ours.serverKey, { notBefore: NOW + HOUR / 2 }),
    ],
    [
      'with a certificate for ten years',
      'wrong_lifetime',
      () => forge('server', ours.serverKey, { notAfter: NOW + 87_600 * HOUR }),
    ],
    [
      'of another name',
      'wrong_name',
      () => forge('server', ours.serverKey, { san: { dns: [`other.${SERVER_NAME}`] } }),
    ],
    [
      'of a name that the root does not permit',
      'untrusted',
      () => forge('server', ours.serverKey, { san: { dns: ['localhost'] } }),
    ],
    ['of a public authority', 'untrusted', () => forge('server', other, { issuer: publicAuthority() })],
    [
      'below a leaf that plays authority',
      'untrusted',
      async () => {
        const { key, cert } = (await ours.identity('server')).current();
        const below = forge('server', other, { issuer: { certificate: cert, key: createPrivateKey(key) } });
        return { key: below.key, cert: below.cert + cert };
      },
    ],
    [
      'that speaks TLS 1.2',
      'protocol',
      () => ({ ...forge('server', ours.serverKey), maxVersion: 'TLSv1.2' }),
    ],
  ];

  it.each(servers)('%s: %s', async (_what, reason, credentials) => {
    const { port, got } = await impostor(await credentials());
    const identity = await ours.identity('client');
    const { serverRoots } = ours;
    const client = new HttpClient(
      channelTarget({ host: '127.0.0.1', port, identity, serverRoots, log: logTo(ours.log) }),
    );
    ours.onEnd(() => client.close());
    const body = Buffer.from('sealed');
    const request = { method: 'POST', path: '/decrypt', body, timeoutMs: 2_000, maxBytes: 64 } as const;
    await expect(client.request(request)).rejects.toMatchObject({ code: 'connection_lost' });
    expect(ours.refusals('client')).toEqual([reason]);
    expect(got()).toBe('');
  });
});
