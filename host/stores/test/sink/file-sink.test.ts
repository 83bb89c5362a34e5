// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { AuditHead } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import { FileAuditSink, readAuditSink, SinkError } from '../../src/index.ts';
import { temporaryPaths } from '../temporary.ts';

const path = temporaryPaths();

const head = (n: number, log = 'v_1'): AuditHead => ({
  log,
  n,
  hash: Buffer.alloc(32, n),
  time: 1_700_000_000_123_456,
});

async function read(file: string): Promise<AuditHead[]> {
  const heads: AuditHead[] = [];
  for await (const found of readAuditSink(file)) heads.push(found);
  return heads;
}

async function readCode(file: string): Promise<[string, number | undefined] | undefined> {
  try {
    await read(file);
    return undefined;
  } catch (error) {
    return error instanceof SinkError ? [error.code, error.line] : undefined;
  }
}

describe('the file sink', () => {
  it('gives back what was appended, in lines of JSON, for its owner only', async () => {
    const file = path('audit.log');
    const sink = await FileAuditSink.open(file);
    await Promise.all(Array.from({ length: 200 }, (_, n) => sink.append(head(n + 1))));
    await sink.close();
    expect(await read(file)).toEqual(Array.from({ length: 200 }, (_, n) => head(n + 1)));
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe(
      `{"log":"v_1","n":1,"hash":"${'01'.repeat(32)}","time":"2023-11-14T22:13:20.123456Z"}`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('adds to what is there', async () => {
    const file = path('audit.log');
    for (const n of [1, 2]) {
      const sink = await FileAuditSink.open(file);
      await sink.append(head(n));
      await sink.close();
    }
    expect((await read(file)).map(({ n }) => n)).toEqual([1, 2]);
  });

  it('is whole when append resolves', async () => {
    const file = path('audit.log');
    const sink = await FileAuditSink.open(file);
    await sink.append(head(1));
    expect(await read(file)).toEqual([head(1)]);
    await sink.close();
    await expect(sink.append(head(2))).rejects.toMatchObject({ code: 'sink_closed' });
  });

  it.each([1, 20, 100])('passes over a line that a crash cut off %d bytes before its end', async (cut) => {
    const file = path('audit.log');
    const first = await FileAuditSink.open(file);
    await first.append(head(1));
    await first.append(head(2));
    await first.close();
    truncateSync(file, statSync(file).size - cut);
    expect((await read(file)).map(({ n }) => n)).toEqual([1]);
    const second = await FileAuditSink.open(file);
    await second.append(head(3));
    await second.close();
    // Cut off by its newline alone, the line is whole again once that is there.
    expect((await read(file)).map(({ n }) => n)).toEqual(cut === 1 ? [1, 2, 3] : [1, 3]);
  });

  it('names an edited line', async () => {
    const file = path('audit.log');
    const sink = await FileAuditSink.open(file);
    for (const n of [1, 2, 3]) await sink.append(head(n));
    await sink.close();
    const text = readFileSync(file, 'utf8');
    for (const edited of [
      text.replace('"n":2', '"n":0'),
      text.replace('"n":2', '"n":"2"'),
      text.replace('"n":2', '"n":2,"x":1'),
      text.replace('02020202', '0202020X'),
      text.replace('}\n{"log":"v_1","n":3', '\n{"log":"v_1","n":3'),
    ]) {
      writeFileSync(file, edited);
      expect(await readCode(file)).toEqual(['sink_malformed', edited.includes('"n":3') ? 2 : 1]);
    }
    writeFileSync(file, 'x'.repeat(10_000));
    expect(await readCode(file)).toEqual(['sink_malformed', undefined]);
  });

  it('says when it cannot be read or opened', async () => {
    expect(await readCode(path('none'))).toEqual(['sink_unavailable', undefined]);
    await expect(FileAuditSink.open(path('no/folder'))).rejects.toMatchObject({ code: 'sink_unavailable' });
  });

  it('opens the file anew after a failure', async () => {
    const sink = await FileAuditSink.open('/dev/full');
    await expect(sink.append(head(1))).rejects.toMatchObject({ code: 'sink_unavailable' });
    await expect(sink.append(head(2))).rejects.toMatchObject({ code: 'sink_unavailable' });
    await sink.close();
  });

  it('lets two processes append to one file', async () => {
    const file = path('audit.log');
    const [one, two] = [await FileAuditSink.open(file), await FileAuditSink.open(file)];
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? one : two).append(head(n + 1, `v_${n}`))),
    );
    await Promise.all([one.close(), two.close()]);
    expect(await read(file)).toHaveLength(50);
  });
});
