// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SinkRelay } from '../../src/audit/sink-relay.ts';
import type { AuditHead, AuditSink, Report } from '../../src/index.ts';
import { BOB, call, codeOf, vaults } from '../support/fixture.ts';

const open = vaults();
const head = (n: number): AuditHead => ({ log: 'v_1', n, hash: Buffer.alloc(32, n), time: n });
const heads = (count: number, first = 1): AuditHead[] =>
  Array.from({ length: count }, (_, i) => head(first + i));
const numbers = (list: readonly AuditHead[]): number[] => list.map(({ n }) => n);

/** A sink that takes, refuses or keeps waiting what comes in, as it is told. */
class MoodySink implements AuditSink {
  mood: 'takes' | 'refuses' | 'hangs' = 'takes';
  readonly taken: AuditHead[] = [];
  hanging: { readonly head: AuditHead; readonly end: (error?: Error) => void }[] = [];

  async append(one: AuditHead): Promise<void> {
    if (this.mood === 'refuses') throw new Error('refused');
    if (this.mood === 'hangs') {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.hanging.push({ head: one, end: (error) => (error === undefined ? resolve() : reject(error)) });
      await promise;
    }
    this.taken.push(one);
  }

  /** Ends what hangs: taken, or with an error. */
  async end(error?: Error): Promise<void> {
    for (const { end } of this.hanging.splice(0)) end(error);
    await turn();
  }
}

const NOW_MS = 1_700_000_000_000;

/** A relay on a clock that stands still, and whose sink has refused so many heads before. */
async function relayWith(late: number) {
  const sink = new MoodySink();
  const reports: Report[] = [];
  const relay = new SinkRelay(sink, { now: () => NOW_MS * 1000 }, (report) => void reports.push(report));
  sink.mood = 'refuses';
  if (late > 0) expect(await relay.send(heads(late))).toBe(false);
  expect(relay.waiting).toBe(late);
  sink.mood = 'takes';
  return { sink, relay, reports };
}

it('a new head is before those that are late, and they follow with it', async () => {
  const { sink, relay } = await relayWith(3);
  expect(await relay.send([head(4)])).toBe(true);
  expect(numbers(sink.taken)).toEqual([4, 1, 2, 3]);
  expect(relay.waiting).toBe(0);
});

it('of those that are late a thousand are under way at once, however many come: while the sink hangs, nobody queues behind more', async () => {
  const { sink, relay } = await relayWith(2_500);
  sink.mood = 'hangs';
  const sent = [2_501, 2_502, 2_503].map((n) => relay.send([head(n)]));
  expect(sink.hanging).toHaveLength(1_003);
  expect(sink.hanging[0]?.head.n).toBe(2_501);
  expect(relay.waiting).toBe(2_500);
  await sink.end(new Error('too late'));
  expect(await Promise.all(sent)).toEqual([false, false, false]);
  expect(relay.waiting).toBe(2_503);
});

it('none is lost: once the sink takes heads again, it gets all that it missed, with one that is new', async () => {
  const { sink, relay } = await relayWith(2_500);
  expect(await relay.send([head(2_501)])).toBe(true);
  await expect.poll(() => relay.waiting).toBe(0);
  expect(numbers(sink.taken).sort((a, b) => a - b)).toEqual(numbers(heads(2_501)));
});

it('the answer waits for late ones of a sink in order, and for none when its own head failed', async () => {
  const { sink, relay } = await relayWith(1);
  sink.mood = 'hangs';
  let answer: boolean | undefined;
  const ask = (n: number) => void relay.send([head(n)]).then((taken) => (answer = taken));
  ask(2);
  const [own, late] = sink.hanging.splice(0);
  expect([own?.head.n, late?.head.n]).toEqual([2, 1]);
  own?.end();
  await turn();
  expect(answer).toBeUndefined();
  late?.end(new Error('too late'));
  await turn();
  expect(answer).toBe(true);
  expect(relay.waiting).toBe(1);
  answer = undefined;
  ask(3);
  const [refused, other] = sink.hanging.splice(0);
  refused?.end(new Error('refused'));
  await turn();
  expect(answer).toBe(false);
  expect(relay.waiting).toBe(2);
  other?.end();
  await turn();
  expect(relay.waiting).toBe(1);
});

it('the answer comes by the deadline, and what the sink does not take after it is kept', async () => {
  const { sink, relay, reports } = await relayWith(0);
  sink.mood = 'hangs';
  expect(await relay.send([head(1)], NOW_MS)).toBe(false);
  expect(reports).toEqual([]);
  await sink.end(new Error('too late'));
  expect(reports).toEqual([{ event: 'audit_sink_failed', code: 'audit_unavailable' }]);
  expect(relay.waiting).toBe(1);
  sink.mood = 'takes';
  expect(await relay.send([head(2)], NOW_MS)).toBe(true);
  await expect.poll(() => numbers(sink.taken)).toEqual([2, 1]);
});

it('a head that is durable is so by the deadline, whether late ones are or not', async () => {
  const { sink, relay } = await relayWith(1);
  sink.mood = 'hangs';
  const sending = relay.send([head(2)], NOW_MS);
  sink.hanging.shift()?.end();
  expect(await sending).toBe(true);
});

it('while the sink hangs, a write is told that it is durable and a decryption is refused, both by their deadlines', async () => {
  const { vault, sink, clock } = await open();
  const { id } = await vault.create(call(), BOB);
  const append = sink.append.bind(sink);
  const hanging: (() => void)[] = [];
  sink.append = () => {
    // From here on the deadline is past.
    clock.offset = 60_000_000;
    return new Promise((_, reject) => hanging.push(() => reject(new Error('too late'))));
  };
  const made = await vault.create(call(), BOB);
  expect(made.rev).toBe(1);
  clock.offset = 0;
  const reason = 'a test';
  expect(await codeOf(vault.decrypt(call(), id, { fields: ['email'], reason }))).toBe('audit_unavailable');
  clock.offset = 0;
  for (const end of hanging) end();
  await turn();
  expect(vault.headsNotInSink).toBe(2);
  sink.append = append;
  await vault.update(call(), id, { city: 'Bonn' });
  expect(vault.headsNotInSink).toBe(0);
  expect(sink.heads.map(({ log, n }) => `${log === id ? 'first' : 'second'} ${n}`).sort()).toEqual([
    'first 1',
    'first 2',
    'first 3',
    'second 1',
  ]);
  expect((await vault.verifyAudit({ against: sink.heads })).findings).toEqual([]);
});
