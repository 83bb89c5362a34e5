// SPDX-License-Identifier: Apache-2.0
import { type Duplex, duplexPair } from 'node:stream';
import { encodeCbor } from '@enclave-vault/codec';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { describe, expect, test, vi } from 'vitest';
import { nsmChannel } from '../../src/adapters/nsm-channel.ts';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { testModule } from '../support/nsm.ts';

const frame = (body: Uint8Array, length = body.length): Buffer => {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(length);
  return Buffer.concat([prefix, body]);
};

/** A channel whose other end answers each request frame with what `answer` makes of it. */
function channel(answer: (request: Buffer, device: Duplex) => void) {
  const [program, device] = duplexPair();
  const lost = vi.fn();
  device.on('data', (chunk: Buffer) => answer(chunk.subarray(4), device));
  return { exchange: nsmChannel(program, lost), lost, device };
}

describe('channel', () => {
  test('one request at a time, in order', async () => {
    const open: Buffer[] = [];
    const { exchange, device } = channel((request) => open.push(request));
    const answers = ['a', 'b', 'c'].map((text) => exchange(Buffer.from(text)));
    for (const expected of ['a', 'b', 'c']) {
      await vi.waitFor(() => expect(open.map(String)).toEqual([expected]), 60_000);
      device.write(frame(Buffer.from(`${open.pop()}!`)));
    }
    expect((await Promise.all(answers)).map(String)).toEqual(['a!', 'b!', 'c!']);
  });

  test('a response in single bytes is one response', async () => {
    const { exchange } = channel((request, device) => {
      for (const byte of frame(request)) device.write(Buffer.of(byte));
    });
    expect(await exchange(Buffer.from('hello'))).toEqual(Buffer.from('hello'));
  });

  test.each([
    ['a response over 12 KiB', frame(Buffer.of(1), 12_289)],
    ['two responses to one request', Buffer.concat([frame(Buffer.of(1)), frame(Buffer.of(2))])],
  ])('%s loses the channel', async (_, bytes) => {
    const { exchange, lost } = channel((_request, device) => device.write(bytes));
    await expect(exchange(Buffer.of(0))).rejects.toMatchObject({ detail: 'nsm_lost' });
    expect(lost).toHaveBeenCalledTimes(1);
    await expect(exchange(Buffer.of(0))).rejects.toMatchObject({ detail: 'nsm_lost' });
  });

  test('an answer to nothing loses the channel', async () => {
    const { lost, device } = channel(() => undefined);
    device.write(frame(Buffer.of(1)));
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1), 60_000);
  });

  test('the end of the other side loses the channel', async () => {
    const { exchange, lost, device } = channel(() => undefined);
    const answer = exchange(Buffer.of(0));
    device.end();
    await expect(answer).rejects.toMatchObject({ detail: 'nsm_lost' });
    expect(lost).toHaveBeenCalledTimes(1);
  });

  test('a module that does not answer in 5 s is lost', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { exchange } = channel(() => undefined);
      const answer = exchange(Buffer.of(0));
      const refused = expect(answer).rejects.toMatchObject({ detail: 'nsm_lost' });
      await vi.advanceTimersByTimeAsync(5_000);
      await refused;
    } finally {
      vi.useRealTimers();
    }
  });

  test('the five seconds are each exchange’s own: what was answered loses nothing later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { exchange, lost } = channel((request, device) => device.write(frame(request)));
      expect(await exchange(Buffer.of(1))).toEqual(Buffer.of(1));
      expect(vi.getTimerCount()).toBe(0);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await exchange(Buffer.of(2))).toEqual(Buffer.of(2));
      expect(lost).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });

  test.each<[string, (device: Duplex, program: Duplex) => void]>([
    ['an error', (_, program) => program.emit('error', new Error('x'))],
    ['its end', (device) => device.end()],
    ['its closing', (_, program) => program.emit('close')],
    ['a response over 12 KiB', (device) => device.write(frame(Buffer.of(1), 12_289))],
  ])('%s of the stream loses it, ends what waits and its timer, and closes it: once', async (_, happen) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const [program, device] = duplexPair();
      const lost = vi.fn();
      const exchange = nsmChannel(program, lost);
      const answers = Promise.allSettled([exchange(Buffer.of(0)), exchange(Buffer.of(1))]);
      await vi.advanceTimersByTimeAsync(1);
      happen(device, program);
      expect(await answers).toMatchObject([
        { reason: { detail: 'nsm_lost' } },
        { reason: { detail: 'nsm_lost' } },
      ]);
      expect([vi.getTimerCount(), program.destroyed, lost.mock.calls.length]).toEqual([0, true, 1]);
      program.emit('close');
      expect(lost).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a response of 12 KiB is one, and a request of 4 KiB is sent', async () => {
    const { exchange, lost, device } = channel((request) => {
      if (request.length === 2) device.write(frame(Buffer.alloc(12_288, 7)));
    });
    expect(await exchange(Buffer.alloc(2))).toEqual(Buffer.alloc(12_288, 7));
    const longest = channel((request, other) => other.write(frame(request.subarray(0, 1))));
    expect(await longest.exchange(Buffer.alloc(4_096, 9))).toEqual(Buffer.of(9));
    expect(lost).not.toHaveBeenCalled();
  });

  test('a request is its length and its bytes, and a response may be empty', async () => {
    const [program, device] = duplexPair();
    const exchange = nsmChannel(program, () => undefined);
    const answer = exchange(Buffer.alloc(300, 7));
    const sent = await new Promise((resolve) => device.once('data', resolve));
    expect(sent).toEqual(frame(Buffer.alloc(300, 7)));
    device.write(frame(Buffer.alloc(0)));
    expect(await answer).toEqual(Buffer.alloc(0));
  });

  test('a request over 4 KiB is not sent', async () => {
    const sent = vi.fn();
    const { exchange } = channel(sent);
    await expect(exchange(Buffer.alloc(4_097))).rejects.toMatchObject({ detail: 'nsm_request_too_large' });
    expect(sent).not.toHaveBeenCalled();
  });
});

describe('client', () => {
  test('the module of the emulator: describe, extend, lock, attest', async () => {
    const nsm = new NsmClient(testModule(createNitroRoot(Date.now()), new Map()).handle);
    expect(await nsm.describePcr(16)).toEqual({ locked: false, value: Buffer.alloc(48) });
    await nsm.extendPcr(16, Buffer.from('x'));
    await nsm.lockPcr(16);
    const pcr = await nsm.describePcr(16);
    expect(pcr.locked).toBe(true);
    expect(pcr.value).not.toEqual(Buffer.alloc(48));
    await expect(nsm.extendPcr(16, Buffer.from('y'))).rejects.toMatchObject({ detail: 'ReadOnlyIndex' });
    await expect(nsm.describePcr(32)).rejects.toMatchObject({ detail: 'InvalidIndex' });
    const fields = { publicKey: Buffer.of(1), userData: Buffer.of(2), nonce: null };
    expect((await nsm.attest(fields)).length).toBeGreaterThan(2_000);
    const large = { ...fields, publicKey: Buffer.alloc(1_025) };
    await expect(nsm.attest(large)).rejects.toMatchObject({ detail: 'InputTooLarge' });
  });

  const map = (entries: Record<string, unknown>) => new Map(Object.entries(entries)) as Map<string, never>;
  test.each([
    ['no CBOR', Buffer.from('no'), 'nsm_response'],
    ['another answer', encodeCbor(map({ GetRandom: map({ random: Buffer.of(1) }) })), 'nsm_response'],
    ['two answers', encodeCbor(map({ DescribePCR: map({}), Error: 'x' })), 'nsm_response'],
    [
      'a lock that is none',
      encodeCbor(map({ DescribePCR: map({ lock: 1, data: Buffer.alloc(48) }) })),
      'nsm_response',
    ],
    ['no data', encodeCbor(map({ DescribePCR: map({ lock: true }) })), 'nsm_response'],
    ['the bare name', encodeCbor('DescribePCR'), 'nsm_response'],
    ['an error of its own words', encodeCbor(map({ Error: 'my secret is 42' })), 'nsm_error'],
    ['an error that is no text', encodeCbor(map({ Error: map({}) })), 'nsm_error'],
  ])('refuses %s', async (_, bytes, detail) => {
    const nsm = new NsmClient(async () => bytes);
    await expect(nsm.describePcr(16)).rejects.toMatchObject({ detail });
  });

  test.each([
    'InvalidArgument',
    'InvalidIndex',
    'InvalidResponse',
    'ReadOnlyIndex',
    'InvalidOperation',
    'BufferTooSmall',
    'InputTooLarge',
    'InternalError',
  ])('names an error as the device does: %s', async (name) => {
    const nsm = new NsmClient(async () => encodeCbor(map({ Error: name })));
    await expect(nsm.lockPcr(16)).rejects.toMatchObject({ name: 'NsmError', detail: name, message: name });
  });

  test.each([
    ['deep', map({ DescribePCR: map({ lock: true, data: Buffer.alloc(48), x: [[[1]]] }) })],
    ['wide', map({ DescribePCR: map({ lock: true, data: Buffer.alloc(48), x: Array(250).fill(0) }) })],
    ['long', map({ DescribePCR: map({ lock: true, data: Buffer.alloc(48), x: Buffer.alloc(12_288) }) })],
  ])('does not read a response that is too %s', async (_, value) => {
    const nsm = new NsmClient(async () => encodeCbor(value));
    await expect(nsm.describePcr(16)).rejects.toMatchObject({ detail: 'nsm_response' });
  });

  test('reads what else is in a response, and does not mind', async () => {
    const value = map({ DescribePCR: map({ lock: true, data: Buffer.alloc(48), x: [1] }) });
    const nsm = new NsmClient(async () => encodeCbor(value));
    expect(await nsm.describePcr(16)).toEqual({ locked: true, value: Buffer.alloc(48) });
  });

  test('an empty document is none', async () => {
    const nsm = new NsmClient(async () =>
      encodeCbor(map({ Attestation: map({ document: Buffer.alloc(0) }) })),
    );
    const fields = { publicKey: Buffer.of(1), userData: Buffer.of(2), nonce: null };
    await expect(nsm.attest(fields)).rejects.toMatchObject({ detail: 'nsm_response' });
  });
});
