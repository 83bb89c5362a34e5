// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Intake } from '../../src/batch/intake.ts';
import { ItemStream, type StreamWork } from '../../src/batch/item-stream.ts';
import { Outlet } from '../../src/batch/outlet.ts';
import type { Result } from '../../src/batch/results.ts';
import { Streams } from '../../src/batch/streams.ts';

const IDLE_MS = 8_000;
/** Bytes that the reader takes at a time. */
const TAKES = 40_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A stream of lines that all came, each with a result of this size. */
async function streamOf(size: number, work: Partial<StreamWork>, lines: number) {
  const body = new PassThrough();
  const intake = new Intake(body as unknown as IncomingMessage, 1_024);
  const outlet = new Outlet(() => stream.progressed());
  const result: Result = { text: `"x":"${'x'.repeat(size)}"`, code: 'ok' };
  const stream = new ItemStream(intake, outlet, {
    admit: async () => 0,
    work: async () => result,
    idleMs: IDLE_MS,
    most: { answer: Infinity, items: Infinity },
    ...work,
  });
  body.end('{}\n'.repeat(lines));
  const streams = new Streams();
  const { ended } = await streams.open('key:1', async () => stream);
  let how: string | undefined;
  void ended.then((end) => {
    how = end;
  });
  let text = '';
  return {
    streams,
    outlet,
    stream,
    end: () => how,
    /** Takes some, or all that is there: whether there was any. */
    take(bytes?: number): boolean {
      const chunk = outlet.read(bytes) ?? (bytes === undefined ? null : outlet.read());
      if (chunk !== null) text += String(chunk);
      return chunk !== null;
    },
    lines: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

/** What streams put off until the next turns of the loop. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await turns();
}

/** Lets all items be done, with nothing taken but what makes room for them. */
async function until(said: () => boolean): Promise<void> {
  for (let n = 0; n < 50 && !said(); n += 1) await turns();
  expect(said()).toBe(true);
}

describe('a stream of which all is said', () => {
  test('waits for a reader who is slow, as long as he takes something, and keeps its place meanwhile', async () => {
    const one = await streamOf(400_000, {}, 1);
    await until(() => one.stream.results === 1);
    let taken = 0;
    for (; one.end() === undefined && taken < 30; taken += 1) {
      expect(one.streams.size).toBe(1);
      one.take(TAKES);
      await pass(IDLE_MS / 2);
    }
    expect(one.lines().at(-1)).toEqual({ done: { results: 1, errors: 0 } });
    expect([one.end(), one.streams.size]).toEqual(['done', 0]);
    expect(taken).toBeGreaterThan(9);
  });

  test('does not wait for one who takes nothing', async () => {
    const one = await streamOf(10, {}, 10);
    await until(() => one.stream.results === 10);
    await pass(IDLE_MS - 300);
    expect([one.end(), one.streams.size]).toEqual([undefined, 1]);
    await pass(900);
    expect([one.end(), one.streams.size]).toEqual(['lost', 0]);
  });

  test('ends with the server, whoever still reads', async () => {
    const one = await streamOf(200_000, {}, 1);
    await until(() => one.stream.results === 1);
    await pass(IDLE_MS / 2);
    one.streams.stop();
    for (let n = 0; n < 4; n += 1) {
      expect([n, one.end()]).toEqual([n, undefined]);
      one.take(1_000);
      await pass(500);
    }
    await pass(500);
    expect([one.end(), one.streams.size]).toEqual(['lost', 0]);
  });
});

test('rights that end while items wait for their turn refuse none of them: the stream says so, and they have no result', async () => {
  const results: Result[] = [
    { text: '"id":"v_1"', code: 'ok' },
    { text: '"error":{"code":"unauthenticated"}', code: 'unauthenticated' },
  ];
  const one = await streamOf(0, { work: async (_line, index) => results[index] as Result }, 2);
  for (let n = 0; n < 50 && one.end() === undefined; n += 1) {
    one.take();
    await pass(10);
  }
  expect(one.lines()).toEqual([
    { index: 0, id: 'v_1' },
    { stopped: { code: 'unauthenticated', results: 1, errors: 0 } },
  ]);
  expect(one.end()).toBe('unauthenticated');
});
