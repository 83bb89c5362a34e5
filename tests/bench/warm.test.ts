// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { atRest } from '../../bench/kms-latency/rest.ts';
import { Load } from '../../bench/system/load.ts';
import { callsOf, untilQuiet } from '../../bench/system/warm.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-warm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const line = (operation: string) => `${JSON.stringify({ eventVersion: '1.11', eventName: operation })}\n`;

describe('The hot set', () => {
  it('is read until two whole passes have KMS asked for nothing, a number of times at most', async () => {
    for (const [asked, passes] of [
      [[3, 0, 1, 0, 0], 5],
      // What is not known is not nothing.
      [[0, undefined, 0, 0], 4],
      [[], 6],
    ] as const) {
      let n = 0;
      let calls: number | undefined = 9;
      const took = await untilQuiet(
        () => {
          calls = n < asked.length ? asked[n] : 1;
          n += 1;
          return Promise.resolve();
        },
        () => calls,
        6,
      );
      expect([took, n]).toEqual([passes, passes]);
    }
  });

  it('has its calls counted by KMS’s log, those of decryptions alone', () => {
    const log = join(folder, 'counted.log');
    writeFileSync(log, line('Decrypt'));
    const calls = callsOf('Decrypt', log);
    expect(calls()).toBe(0);
    appendFileSync(log, line('Decrypt') + line('GenerateDataKeyPairWithoutPlaintext') + line('Decrypt'));
    expect([calls(), calls()]).toEqual([2, 0]);
    // A new file was begun.
    writeFileSync(log, line('Decrypt'));
    expect([calls(), calls()]).toEqual([undefined, 0]);
    rmSync(log);
    expect(calls()).toBeUndefined();
  });

  it('has its keys in both enclaves before it is measured: KMS is asked for none of what is', async () => {
    const log = join(folder, 'kms-events.log');
    writeFileSync(log, '');
    const reads = new Map<string, number>();
    const order: string[] = [];
    let cold = 0;
    // Two enclaves that get the reads of a record in turn.
    const server = createServer((request, answer) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      request.on('end', () => {
        const body = JSON.parse(text) as { expressions?: object };
        const n = reads.get(request.url ?? '') ?? 0;
        reads.set(request.url ?? '', n + 1);
        order.push(request.url ?? '');
        if (n < 2) appendFileSync(log, line('Decrypt'));
        if (n < 2 && body.expressions !== undefined) cold += 1;
        const said = JSON.stringify({ adult: true, mail: true });
        answer.writeHead(200, { 'content-length': said.length }).end(said);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const load = new Load();
    try {
      load.use({ hot: Array.from({ length: 80 }, (_, n) => ({ id: `v_${n}`, n })), cold: [] });
      const sample = await load.run({
        ...{ port: (server.address() as AddressInfo).port, key: 'key', kmsEvents: log },
        ...{ operation: 'expressions', clients: 4, warmUpMs: 0, ms: 50, patient: false },
      });
      expect(sample.errors).toEqual([]);
      expect(sample.times.length).toBeGreaterThan(0);
      expect([reads.size, cold]).toEqual([80, 0]);
      // Enclaves that take turns get other records in another order: eight readers alone move none by more than a few places.
      const [first, second] = [order.slice(0, 80), order.slice(80, 160)];
      const moved = first.map((url, place) => Math.abs(second.indexOf(url) - place));
      expect(Math.max(...moved)).toBeGreaterThan(30);
    } finally {
      load.close();
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('A vault whose pool is filled', () => {
  it('is waited for until it has asked KMS for nothing for a second, a minute at most', async () => {
    const rest = async (asked: readonly (number | undefined)[], otherwise: number) => {
      let looks = -1;
      let waited = 0;
      const quiet = await atRest(
        () => {
          looks += 1;
          return looks === 0 || looks > asked.length ? otherwise : asked[looks - 1];
        },
        (ms) => {
          waited += ms;
          return Promise.resolve();
        },
      );
      return [quiet, waited];
    };
    expect(await rest([5, 0, 0, 3, undefined], 0)).toEqual([true, 9 * 250]);
    expect(await rest([], 0)).toEqual([true, 1_000]);
    expect(await rest([], 1)).toEqual([false, 60_000]);
  });
});
