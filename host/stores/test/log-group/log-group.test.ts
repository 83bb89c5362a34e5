// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import type { AuditHead } from '@enclave-vault/vault';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogGroupSink, type LogGroupSinkOptions, readLogGroup } from '../../src/log-group/index.ts';
import { LoopbackAws, type Reply } from '../support/loopback-aws.ts';

let server: LoopbackAws;
const sinks: LogGroupSink[] = [];
beforeEach(async () => {
  server = new LoopbackAws();
  await server.start();
});
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close();
  await server.stop();
});

const head = (n: number): AuditHead => ({
  log: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
  n,
  hash: Buffer.alloc(32, n),
  time: 1_700_000_000_000_000 + n,
});
const messageOf = (n: number): string =>
  JSON.stringify({
    log: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
    n,
    hash: Buffer.alloc(32, n).toString('hex'),
    time: `2023-11-14T22:13:20.00000${n}Z`,
  });

const place = () => ({ ...server.place, logGroup: 'heads' });
const open = async (options: Partial<LogGroupSinkOptions> = {}): Promise<LogGroupSink> => {
  const sink = await LogGroupSink.open({ ...place(), ...options });
  sinks.push(sink);
  return sink;
};
const batches = () =>
  server
    .bodies('PutLogEvents')
    .map(({ logEvents }) => (logEvents as { message: string }[]).map(({ message }) => message));

describe('a log group', () => {
  it('gets a stream, and each head as an event of the time of sending', async () => {
    const sink = await open({ logStream: 'one' });
    await sink.append(head(1));
    expect(server.bodies('CreateLogStream')).toEqual([{ logGroupName: 'heads', logStreamName: 'one' }]);
    const [put] = server.bodies('PutLogEvents');
    expect(put).toMatchObject({ logGroupName: 'heads', logStreamName: 'one' });
    const [event] = (put?.logEvents ?? []) as { timestamp: number; message: string }[];
    expect(event?.message).toBe(messageOf(1));
    expect(Math.abs(Number(event?.timestamp) - Date.now())).toBeLessThan(5_000);
  });

  it('is written to by a stream of each process’s own when none is named', async () => {
    await open();
    await open();
    const names = server.bodies('CreateLogStream').map(({ logStreamName }) => String(logStreamName));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^heads\/\d{4}-\d\d-\d\d\/[0-9a-f]{8}$/);
  });

  it('may have the stream already', async () => {
    server.answer = ({ operation }) =>
      operation === 'CreateLogStream' ? { error: 'ResourceAlreadyExistsException' } : { ok: {} };
    await (await open()).append(head(1));
  });

  it('that is not there, or may not be written, is refused at the start', async () => {
    for (const error of ['ResourceNotFoundException', 'AccessDeniedException']) {
      server.answer = () => ({ error, members: { message: 'SECRET' } });
      const refusal: unknown = await open().catch((one: unknown) => one);
      const message = `sink_unavailable: CreateLogStream: ${error}`;
      expect(refusal).toMatchObject({ code: 'sink_unavailable', message });
      expect(inspect(refusal, { depth: 20, showHidden: true })).not.toContain('SECRET');
    }
  });

  it('takes what comes in together in one call, and what comes in while that is under way with the next', async () => {
    const gate = Promise.withResolvers<void>();
    const sink = await open();
    server.answer = async (_, nth) => {
      if (nth === 0) await gate.promise;
      return { ok: {} };
    };
    let done = 0;
    const append = (n: number) => sink.append(head(n)).then(() => (done += 1));
    const first = [1, 2].map(append);
    await expect.poll(() => server.bodies('PutLogEvents').length).toBe(1);
    const second = [3, 4].map(append);
    expect(done).toBe(0);
    gate.resolve();
    await Promise.all([...first, ...second]);
    expect(batches()).toEqual([
      [messageOf(1), messageOf(2)],
      [messageOf(3), messageOf(4)],
    ]);
  });
});

describe('a head', () => {
  it.each<[string, Reply]>([
    ['refused', { error: 'AccessDeniedException' }],
    ['rejected as too old', { ok: { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } } }],
    ['rejected as too new', { ok: { rejectedLogEventsInfo: { tooNewLogEventStartIndex: 0 } } }],
    ['throttled for longer than a call', { error: 'ThrottlingException' }],
    ['lost', 'lost'],
    ['not answered', 'silent'],
  ])('does not count when it is %s', async (_, reply) => {
    const sink = await open({ timeoutMs: 3_000 });
    server.answer = () => reply;
    const [first, second] = [sink.append(head(1)), sink.append(head(2))];
    await expect(first).rejects.toMatchObject({ code: 'sink_unavailable' });
    await expect(second).rejects.toMatchObject({ code: 'sink_unavailable' });
    // And the next one may.
    server.answer = () => ({ ok: {} });
    await sink.append(head(3));
  });

  it('finds its stream again when somebody removed it', async () => {
    const sink = await open();
    server.answer = () => ({ error: 'ResourceNotFoundException' });
    await expect(sink.append(head(1))).rejects.toMatchObject({ code: 'sink_unavailable' });
    server.answer = () => ({ ok: {} });
    await sink.append(head(1));
    expect(server.bodies('CreateLogStream')).toHaveLength(2);
  });

  it('that is on its way arrives before the sink closes; a later one is refused', async () => {
    const sink = await open();
    const appending = sink.append(head(1));
    await sink.close();
    await appending;
    await expect(sink.append(head(2))).rejects.toMatchObject({ code: 'sink_closed' });
  });
});

describe('reading a group', () => {
  const read = async (): Promise<AuditHead[]> => await Array.fromAsync(readLogGroup(place()));

  it('gives the heads of all pages', async () => {
    const pages: Reply[] = [
      { ok: { events: [{ message: messageOf(1) }], nextToken: 'two' } },
      { ok: { events: [], nextToken: 'three' } },
      { ok: { events: [{ message: messageOf(2) }] } },
    ];
    server.answer = (_, nth) => pages[nth] ?? { ok: {} };
    expect(await read()).toEqual([head(1), head(2)]);
    expect(server.bodies('FilterLogEvents').map(({ nextToken }) => nextToken)).toEqual([
      undefined,
      'two',
      'three',
    ]);
  });

  it('names an event that this program did not write', async () => {
    server.answer = () => ({ ok: { events: [{ message: messageOf(1) }, { message: 'START RequestId' }] } });
    await expect(read()).rejects.toMatchObject({ code: 'sink_malformed', line: 2 });
  });

  it('that cannot be read is an error and no empty one', async () => {
    server.answer = () => ({ error: 'ResourceNotFoundException' });
    await expect(read()).rejects.toMatchObject({ code: 'sink_unavailable' });
  });
});
