// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { SERVER_NAME } from '@enclave-vault/channel';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChannelVault } from '../support/channel-vault.ts';
import { FalseKms, ownAuthority, type StolenAuthority } from '../support/false-kms.ts';
import type { Answer } from '../support/local-vault.ts';
import { type Fate, Middle, turned, type Way } from '../support/middle.ts';

/**
 * Actor: network attacker
 * Has: every wire: between API and parent, API and KMS, enclave and KMS. He sees, changes, cuts, replays and adds bytes, answers in
 *   another's place, lies about names and addresses. No key, no certificate of the vault's authorities, no credentials.
 * Wants: a value, a request of his own answered, a changed result believed, an older protocol spoken.
 * Cannot: any of it. What he changes is noticed before anything in it is read; then callers get a 503, and the next request goes through.
 * Remains: he may cut wires (denial of service), and see who talks when, and how much.
 */
const VALUES = { first_name: 'Bartholomew', last_name: 'Quackenbush', ssn9: '219099999' };
let vault: ChannelVault;
let toParent: Middle;
let toKms: Middle;
let id = '';

beforeAll(async () => {
  vault = await ChannelVault.start(
    {
      parent: async (port) => {
        toParent = await Middle.before(port);
        return toParent.port;
      },
      kms: async (port) => {
        toKms = await Middle.before(port);
        return toKms.port;
      },
    },
    // A pair that was made before he came makes a record without KMS. What is attacked here is the call itself.
    { keyPool: { size: 0 } },
  );
  id = String((await vault.call('POST', '/v1/vaults', VALUES)).json.id);
  expect((await vault.serving(id)).json.data).toEqual({ first_name: VALUES.first_name });
  expect(attested()).toBeGreaterThan(0);
});
afterAll(async () => {
  toParent?.close();
  toKms?.close();
  await vault?.stop();
});
afterEach(async () => {
  for (const middle of [toParent, toKms]) middle.settle();
  expect((await vault.serving(id)).json.data).toEqual({ first_name: VALUES.first_name });
});

function expectNothing(answer: Answer): void {
  expect([answer.status, answer.json.data]).toEqual([503, undefined]);
  for (const value of Object.values(VALUES)) expect(answer.text).not.toContain(value);
}
/** Decrypt calls that the local KMS has seen of enclaves. */
const attested = () =>
  readFileSync(vault.glass.files.kmsEvents, 'utf8').match(/"eventName":"Decrypt".*attestation/gi)?.length ??
  0;

describe('all that passes', () => {
  it('shows no value, name, id, reason, token or credential', async () => {
    const answer = await vault.decrypted(id, {
      ...{ fields: Object.keys(VALUES), reason: 'Marked-Reason-7391' },
      expressions: { shout: 'first_name.to_uppercase()' },
    });
    expect(answer.json.data).toMatchObject({ shout: 'BARTHOLOMEW' });
    await vault.call('POST', '/v1/vaults', VALUES);
    const { api, instance } = vault.glass.vault.principals;
    const words = [
      ...Object.values(VALUES).flatMap((value) => [value, value.toUpperCase()]),
      ...['first_name', 'to_uppercase', 'Marked-Reason', id, 'Credential=', 'TrentService', '/decrypt'],
      ...[api.accessKeyId, api.secretAccessKey, instance.accessKeyId, instance.secretAccessKey],
    ];
    for (const middle of [toParent, toKms])
      for (const way of ['to', 'back'] as const) {
        const seen = middle.all(way);
        expect(seen.length).toBeGreaterThan(1_000);
        for (const word of words) expect([word, seen.includes(word)]).toEqual([word, false]);
      }
  });
});

describe('between API and parent', () => {
  /** On a connection that is there already, and on one that is begun under his eyes. */
  const changes: [string, (way: Way, bytes: Buffer, at: number) => Fate][] = [
    [
      'the first bytes of a connection',
      (way, bytes, at) => (way === 'to' && at === 0 ? turned(bytes, 60) : bytes),
    ],
    [
      'the server’s first bytes',
      (way, bytes, at) => (way === 'back' && at === 0 ? turned(bytes, 40) : bytes),
    ],
    [
      'the server’s certificate',
      (way, bytes, at) => (way === 'back' && at === 0 ? turned(bytes, -30) : bytes),
    ],
    ['the client’s certificate', (way, bytes, at) => (way === 'to' && at === 1 ? turned(bytes, -30) : bytes)],
    ['the length of a record', (way, bytes, at) => (way === 'to' && at === 1 ? turned(bytes, 4) : bytes)],
    ['the type of a record', (way, bytes, at) => (way === 'to' && at === 1 ? turned(bytes, 0) : bytes)],
  ];
  it.each(changes)('a bit of %s changed: 503, and nothing is decrypted', async (_, act) => {
    const before = attested();
    toParent.settle();
    await expect.poll(() => toParent.open).toBe(0);
    toParent.act = act;
    expectNothing(await vault.decrypted(id));
    expect(attested()).toBe(before);
  });

  it.each<[string, (answered: Buffer) => Fate]>([
    ['a bit turned', (bytes) => turned(bytes, -20)],
    [
      'its last byte missing, and then the end',
      (bytes) => {
        setTimeout(() => toParent.settle(), 20);
        return bytes.subarray(0, -1);
      },
    ],
    ['its end cut off, and the connection with it', () => 'cut'],
    ['itself twice', (bytes) => Buffer.concat([bytes, bytes])],
    [
      'another record before it',
      (bytes) => Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32), bytes]),
    ],
    ['the end of TLS in its place, unauthenticated', () => Buffer.from('15030300020100', 'hex')],
  ])('an answer with %s is not believed, nor a part of it', async (_, change) => {
    // The connection is there: what comes back now is an answer.
    expect((await vault.decrypted(id)).status).toBe(200);
    let changed = 0;
    toParent.act = (way, bytes) => {
      if (way === 'to' || changed > 0) return bytes;
      changed += 1;
      return change(bytes);
    };
    const answer = await vault.decrypted(id, { fields: Object.keys(VALUES) });
    expect(changed).toBe(1);
    // All of it, or nothing: an answer that came whole before what he added is the enclave's.
    if (answer.status === 200) expect(answer.json.data).toEqual(VALUES);
    else expectNothing(answer);
  });

  it('a recorded connection played again to the parent gets no answer, and no enclave hears of it', async () => {
    expect((await vault.decrypted(id)).status).toBe(200);
    const before = attested();
    for (const { to } of toParent.recorded.filter((one) => one.to.length > 2).slice(-2)) {
      const got = await play(vault.port, to);
      // A handshake that goes no further: the server has another random number, so nothing of the record decrypts.
      expect(got.includes('HTTP/1.1')).toBe(false);
    }
    expect(attested()).toBe(before);
  });

  it('a request of his own, put into a connection that is open, ends it', async () => {
    const before = attested();
    for (const bytes of [
      Buffer.from('POST /decrypt HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx'),
      Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 7)]),
    ]) {
      expect((await vault.decrypted(id)).status).toBe(200);
      const open = toParent.open;
      expect(open).toBeGreaterThan(0);
      toParent.inject('to', bytes);
      await expect.poll(() => toParent.open).toBeLessThan(open);
    }
    expect(attested() - before).toBeLessThanOrEqual(4);
  });

  it.each<[string, () => tls.TlsOptions]>([
    ['of its name below his own authority', () => certificate(ownAuthority())],
    ['that vouches for itself', () => selfSigned()],
  ])('a parent of his, with a certificate %s, is told nothing', async (_, options) => {
    const heard: Buffer[] = [];
    const server = tls.createServer(
      { ...options(), requestCert: true, rejectUnauthorized: false },
      (socket) => {
        socket.on('data', (bytes) => heard.push(bytes));
        socket.on('error', () => undefined);
      },
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { target } = toParent;
    try {
      toParent.settle();
      await expect.poll(() => toParent.open).toBe(0);
      // He answers for the parent's address: by DNS, ARP or a route.
      toParent.target = (server.address() as net.AddressInfo).port;
      expectNothing(await vault.decrypted(id));
    } finally {
      toParent.target = target;
      server.close();
    }
    expect(Buffer.concat(heard).length).toBe(0);
  });

  it.each([
    ['TLS 1.2', { maxVersion: 'TLSv1.2' as const }],
    [
      'TLS 1.1',
      { minVersion: 'TLSv1.1' as const, maxVersion: 'TLSv1.1' as const, ciphers: 'ALL@SECLEVEL=0' },
    ],
    ['HTTP/2', { ALPNProtocols: ['h2'] }],
    ['another name', { servername: 'other.internal' }],
  ])('%s gets nothing from the parent without a certificate', async (_, options) => {
    expect(await greet(vault.port, options)).toBe('');
  });

  it('plain HTTP gets nothing from the parent’s port', async () => {
    const got = await play(vault.port, [Buffer.from('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')]);
    expect(got.includes('HTTP/1.1 200')).toBe(false);
    expect(got.includes('healthy')).toBe(false);
  });
});

describe('between API and KMS', () => {
  it.each<[string, (way: Way, bytes: Buffer, at: number) => Fate]>([
    ['answers changed', (way, bytes) => (way === 'back' ? turned(bytes, -20) : bytes)],
    ['requests changed', (way, bytes) => (way === 'to' ? turned(bytes, -20) : bytes)],
    ['every connection cut', () => 'cut'],
  ])('with %s no record is made', async (_, act) => {
    toKms.settle();
    toKms.act = act;
    const answer = await vault.call('POST', '/v1/vaults', VALUES);
    expect([answer.status, answer.json.id]).toEqual([503, undefined]);
  });

  it('a KMS of his own under its name makes no key pair: the API does not tell it what for', async () => {
    const server = new FalseKms(ownAuthority(), async () => ({ status: 200, body: Buffer.from('{}') }));
    await new Promise<void>((done) => server.server.listen(0, '127.0.0.1', done));
    const { target } = toKms;
    try {
      toKms.settle();
      toKms.target = (server.server.address() as net.AddressInfo).port;
      const answer = await vault.call('POST', '/v1/vaults', VALUES);
      expect([answer.status, answer.json.code]).toEqual([503, 'kms_unavailable']);
      expect(server.calls).toEqual([]);
    } finally {
      toKms.target = target;
      server.server.close();
    }
  });
});

describe('between enclave and KMS', () => {
  let middle: Middle;
  let own = '';
  /** The vault's own program, behind a way out that leads through him; the API asks it, and wants KMS asked. */
  const ask = () =>
    vault.glass.call('POST', `/v1/vaults/${own}/decrypt`, {
      fields: ['first_name'],
      reason: 'attack',
      fresh: true,
    });

  beforeAll(async () => {
    const { glass } = vault;
    middle = await Middle.before(glass.vault.kms.inside);
    const wayOut = net.createServer((client) => {
      const through = net.connect(middle.port, '127.0.0.1');
      client.pipe(through).pipe(client);
      for (const [one, other] of [
        [client, through],
        [through, client],
      ] as const)
        one.on('error', () => undefined).on('close', () => other.destroy());
    });
    own = await glass.create(VALUES);
    const rogue = await glass.launch({ kms: wayOut });
    expect(await rogue.configure(glass.vault.configuration())).toBe(204);
    glass.between = ({ body }) => rogue.post('/v1/decrypt', glass.parentRequest(body));
  });
  afterAll(async () => {
    middle?.close();
    await vault.glass.settle();
  });

  it('a KMS of his own sees no request, attestation document or credential', async () => {
    const his = new FalseKms(ownAuthority(), async () => ({ status: 200, body: Buffer.from('{}') }));
    await new Promise<void>((done) => his.server.listen(0, '127.0.0.1', done));
    const { target } = middle;
    middle.target = (his.server.address() as net.AddressInfo).port;
    const answer = await ask();
    expectNothing(answer);
    expect(answer.json.code).toBe('kms_unavailable');
    expect([his.calls, middle.recorded.length > 0]).toEqual([[], true]);
    middle.target = target;
    his.server.close();
  });

  it.each<[string, (way: Way, bytes: Buffer, at: number) => Fate]>([
    ['changed', (way, bytes, at) => (way === 'back' && at > 0 ? turned(bytes, -20) : bytes)],
    ['cut off', (way, bytes, at) => (way === 'back' && at > 0 ? 'cut' : bytes)],
  ])('answers of the true KMS that were %s open nothing', async (_, act) => {
    middle.settle();
    middle.act = act;
    expectNothing(await ask());
    middle.settle();
    // As they are, they do.
    expect((await ask()).json.data).toEqual({ first_name: VALUES.first_name });
  });
});

const HOUR = 3_600_000;
function certificate(issuer: StolenAuthority): tls.TlsOptions {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const { pem } = issueCertificate({
    ...{ subject: 'parent', key: privateKey, issuer, ca: false },
    ...{ notBefore: Date.now() - HOUR, notAfter: Date.now() + HOUR },
    ...{ keyUsage: ['digitalSignature'], extendedKeyUsage: ['serverAuth'], san: { dns: [SERVER_NAME] } },
  });
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: pem + issuer.certificate };
}

function selfSigned(): tls.TlsOptions {
  const { certificate: cert, key } = ownAuthority();
  return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }) };
}

/** Sends bytes one piece after the other, and returns what comes back until the other side closes, or for a second. */
function play(port: number, pieces: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const got: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (bytes) => got.push(bytes)).on('error', () => undefined);
    socket.once('close', () => resolve(Buffer.concat(got)));
    for (const piece of pieces) socket.write(piece);
    setTimeout(() => socket.destroy(), 1_000).unref();
  });
}

/** A client without a certificate that takes any server. @returns what it is told */
function greet(port: number, options: tls.ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const own = { host: '127.0.0.1', port, servername: SERVER_NAME, rejectUnauthorized: false };
    const socket = tls.connect({ ...own, ...options });
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
    });
    socket.on('error', () => undefined).once('close', () => resolve(got));
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
  });
}
