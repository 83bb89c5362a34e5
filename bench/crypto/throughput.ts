// SPDX-License-Identifier: Apache-2.0
/**
 * Records opened and sealed a second on all cores: on one thread, with the ECDH on the thread pool, and in worker threads, at 1, 8 and 64
 * at once. Each client starts its next call when its last is done, so at 64 the latency is mostly waiting for a turn.
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { P384 } from '@enclave-vault/hpke';
import { openFields, openFieldsAsync } from '@enclave-vault/records/open';
import { sealFields, sealFieldsAsync } from '@enclave-vault/records/seal';
import { quantile } from '../system/statistics.ts';
import { busyKey } from './candidates.ts';
import { CLIENTS, type Direction, WAYS, type Way } from './names.ts';
import { IDENTITY, type Subject } from './subject.ts';

export interface Throughput {
  readonly direction: Direction;
  readonly way: Way;
  readonly clients: number;
  /** Records of 12 fields a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

/** What a worker is sent: fields to open, or to seal. */
export interface Job {
  readonly id: number;
  readonly open?: ReadonlyMap<string, Uint8Array>;
  readonly seal?: ReadonlyMap<string, string>;
}

type Calls = Readonly<Record<Direction, () => Promise<unknown>>>;

/** After the work that waits: synchronous calls of many clients take turns, as requests of a server do. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `ms` milliseconds of each combination. Progress goes to `report`. */
export async function measureThroughput(
  subject: Subject,
  ms: number,
  report: (line: string) => void,
): Promise<Throughput[]> {
  const { spki, record, values } = subject;
  const key = busyKey(subject);
  const workers = startWorkers(subject);
  const ways: Readonly<Record<Way, Calls>> = {
    'one thread': {
      open: () => nextTurn().then(() => openFields(IDENTITY, P384, key, record, spki)),
      seal: () => nextTurn().then(() => sealFields(IDENTITY, P384, spki, values)),
    },
    'thread pool': {
      open: () => openFieldsAsync(IDENTITY, P384, key, record, spki),
      seal: () => sealFieldsAsync(IDENTITY, P384, spki, values),
    },
    'worker threads': {
      open: () => workers.call({ open: record }),
      seal: () => workers.call({ seal: values }),
    },
  };
  const results: Throughput[] = [];
  for (const direction of ['open', 'seal'] as const) {
    for (const clients of CLIENTS) {
      for (const way of WAYS) {
        report(`throughput: ${direction}, ${clients} at once, ${way}`);
        await closedLoop(ways[way][direction], clients, ms / 4);
        const measured = await closedLoop(ways[way][direction], clients, ms);
        results.push({ direction, way, clients, ...measured });
      }
    }
  }
  await workers.close();
  return results;
}

async function closedLoop(
  call: () => Promise<unknown>,
  clients: number,
  ms: number,
): Promise<{ rate: number; median: number; p99: number }> {
  const times: number[] = [];
  const begin = performance.now();
  const client = async (): Promise<void> => {
    for (let start = performance.now(); start - begin < ms; ) {
      await call();
      const end = performance.now();
      times.push(end - start);
      start = end;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - begin) / 1000;
  return { rate: times.length / seconds, median: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

function startWorkers({ spki, pkcs8 }: Subject): {
  call(job: Omit<Job, 'id'>): Promise<unknown>;
  close(): Promise<void>;
} {
  const writes = Array.from({ length: 16 }, () => sealFields(IDENTITY, P384, spki, new Map([['a', '1']])));
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const workers = Array.from({ length: availableParallelism() }, () => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { pkcs8, spki, writes } });
    worker.on('message', ({ id, result }: { id: number; result: unknown }) => {
      waiting.get(id)?.resolve(result);
      waiting.delete(id);
    });
    worker.on('error', (error) => {
      for (const { reject } of waiting.values()) reject(error);
    });
    return worker;
  });
  let last = 0;
  return {
    call: (job) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        workers[id % workers.length]?.postMessage({ id, ...job });
      }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
