// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelError, type ChannelIdentity, openChannelIdentity } from '../src/index.ts';
import { type LogLine, logTo, TestKey } from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DOWN = new ChannelError('kms_unavailable', 'Sign: TimeoutError');
let key: TestKey;
let log: LogLine[];
let identity: ChannelIdentity | undefined;

beforeEach(() => {
  key = new TestKey();
  log = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  identity?.close();
  vi.useRealTimers();
});

const open = (more: Partial<Parameters<typeof openChannelIdentity>[0]> = {}) =>
  openChannelIdentity({
    side: 'server',
    sign: key.sign,
    roots: key.root('server'),
    log: logTo(log),
    random: () => 0.5,
    ...more,
  });
const events = () => log.map(({ event }) => event);
const realTimeout = setTimeout;
const realMs = (ms: number) => new Promise<void>((resolve) => realTimeout(resolve, ms));
/** Lets time pass in steps of half an hour; the key pairs that are made meanwhile take real time. */
const pass = async (ms: number) => {
  for (let left = ms; left > 0; left -= HOUR / 2) {
    await vi.advanceTimersByTimeAsync(Math.min(left, HOUR / 2));
    // One that is under way has no timer.
    for (let turn = 0; turn < 2_000 && vi.getTimerCount() === 0; turn += 1) await realMs(2);
  }
};
/** Whether the certificate becomes another one within some twenty seconds of real time. */
const renewed = async (from: string) => {
  for (let turn = 0; turn < 10_000 && identity?.current().cert === from; turn += 1) await realMs(2);
  return identity?.current().cert !== from;
};

describe('a certificate', () => {
  it('says what its side may be, for a day, and a little before now for clocks that are behind', async () => {
    identity = await open();
    const { cert, key: pem, notAfter } = identity.current();
    const parsed = new X509Certificate(cert);
    const now = Math.floor(Date.now() / 1000) * 1000;
    expect(parsed.subjectAltName).toBe('DNS:parent.enclave-vault.internal');
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(parsed.ca).toBe(false);
    expect(parsed.verify(new X509Certificate(key.root('server')).publicKey)).toBe(true);
    expect(parsed.validFromDate.getTime()).toBeGreaterThanOrEqual(now - 5 * 60_000 - 1000);
    expect(parsed.validToDate.getTime() - parsed.validFromDate.getTime()).toBe(DAY + 5 * 60_000);
    expect(notAfter).toBe(parsed.validToDate.getTime());
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(JSON.stringify(log)).not.toContain('PRIVATE');
  });

  it('of the client has the name of the API, and of each issue another key', async () => {
    const side = 'client' as const;
    identity = await open({ side, roots: key.root(side) });
    const first = new X509Certificate(identity.current().cert);
    expect(first.subjectAltName).toBe('URI:spiffe://enclave-vault.internal/api');
    const second = await open({ side, roots: key.root(side) });
    expect(new X509Certificate(second.current().cert).publicKey.equals(first.publicKey)).toBe(false);
    second.close();
  });
});

describe('opening', () => {
  it('finds the root that signs among those configured', async () => {
    const old = new TestKey();
    identity = await open({ roots: old.root('server') + key.root('server') });
    expect(key.signed).toBe(2);
    const parsed = new X509Certificate(identity.current().cert);
    expect(parsed.verify(new X509Certificate(key.root('server')).publicKey)).toBe(true);
  });

  it.each([
    ['root_mismatch', { roots: new TestKey().root('server') }],
    ['root_invalid', { roots: new TestKey().root('client') }],
    ['kms_denied', { sign: () => Promise.reject(new ChannelError('kms_denied')) }],
  ])('fails at once with %s', async (code, more) => {
    await expect(open(more)).rejects.toMatchObject({ code });
  });

  it('waits for a KMS that is down, and not for ever', async () => {
    key.fails = DOWN;
    const opening = open({ openMs: 2_000 });
    const failed = expect(opening).rejects.toMatchObject({ code: 'kms_unavailable' });
    await vi.advanceTimersByTimeAsync(3_000);
    await failed;
  });
});

describe('renewal', () => {
  it('comes at half of its life, with another key, and is told', async () => {
    identity = await open();
    const first = identity.current();
    const told: string[] = [];
    identity.onRenewed(({ cert }) => told.push(cert));
    await pass(11 * HOUR);
    expect(identity.current()).toBe(first);
    await pass(1.01 * HOUR);
    expect(await renewed(first.cert)).toBe(true);
    expect(told).toEqual([identity.current().cert]);
    expect(identity.current().key).not.toBe(first.key);
    expect(identity.current().notAfter).toBeGreaterThan(first.notAfter);
  });

  it('spreads over a tenth of its life', async () => {
    identity = await open({ random: () => 0 });
    const first = identity.current().cert;
    await pass(10.7 * HOUR);
    expect(identity.current().cert).toBe(first);
    await pass(0.2 * HOUR);
    expect(await renewed(first)).toBe(true);
  });

  it('is tried again while KMS is down, the old certificate serving until its end; then says so', async () => {
    identity = await open();
    const first = identity.current();
    key.fails = DOWN;
    await pass(13 * HOUR);
    expect(events().filter((event) => event === 'channel_renewal_failed').length).toBeGreaterThan(1);
    expect(log.at(-1)).toMatchObject({ level: 'warn', fields: { side: 'server', code: 'kms_unavailable' } });
    expect(await identity.valid()).toBe(first);
    await pass(12 * HOUR);
    expect(log.at(-1)).toMatchObject({ level: 'error', event: 'channel_identity_ended' });
    await expect(identity.valid()).rejects.toMatchObject({ code: 'kms_unavailable' });
    key.fails = null;
    expect((await identity.valid()).notAfter).toBeGreaterThan(Date.now() + DAY - HOUR);
    expect(events().at(-1)).toBe('channel_identity_issued');
    // One attempt for each step of half an hour, and not many more of them.
    expect(log.length).toBeLessThan(100);
  });

  it.each([
    ['channel_renewal_failed', 14],
    ['channel_identity_ended', 25],
  ])('is tried each minute, which keeps an alarm up that counts %s', async (event, hours) => {
    identity = await open({ random: () => 0.999 });
    key.fails = DOWN;
    await pass(hours * HOUR);
    for (let minute = 0; minute < 15; minute += 1) {
      const before = log.length;
      await vi.advanceTimersByTimeAsync(60_000);
      for (let turn = 0; turn < 10_000 && log.length === before; turn += 1) await realMs(2);
      expect(log.slice(before).map((line) => line.event)).toContain(event);
    }
  });

  it('is not missed by a process that was frozen', async () => {
    identity = await open();
    const first = identity.current().cert;
    vi.setSystemTime(Date.now() + 13 * HOUR);
    expect((await identity.valid()).cert).toBe(first);
    expect(await renewed(first)).toBe(true);
    const second = identity.current().cert;
    vi.setSystemTime(Date.now() + 30 * HOUR);
    expect((await identity.valid()).cert).not.toBe(second);
  });

  it('ends with the identity', async () => {
    identity = await open();
    identity.close();
    await vi.advanceTimersByTimeAsync(2 * DAY);
    await realMs(50);
    expect(key.signed).toBe(1);
    expect(() => identity?.current()).toThrow(expect.objectContaining({ code: 'closed' }));
    await expect(identity.valid()).rejects.toMatchObject({ code: 'closed' });
  });
});
