// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FramesEnd, serveFrames } from '../../src/nsm/frames.ts';

function frame(body: Uint8Array, length = body.length): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, body]);
}

/** Feeds chunks to the server and collects what it was asked and what it wrote. */
async function serve(chunks: readonly Buffer[]) {
  const asked: Buffer[] = [];
  const written: Buffer[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  for (const chunk of chunks) stream.push(chunk);
  stream.push(null);
  const end: FramesEnd = await serveFrames(stream, async (request) => {
    asked.push(Buffer.from(request));
    return Buffer.from(`answer ${asked.length}`);
  });
  return { asked, written: Buffer.concat(written), end };
}

describe('serveFrames', () => {
  test('finds the same frames however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        async (bodies, size) => {
          const bytes = Buffer.concat(bodies.map((body) => frame(body)));
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
            bytes.subarray(index * size, (index + 1) * size),
          );
          const { asked, written } = await serve(chunks);
          expect(asked).toEqual(bodies.map((body) => Buffer.from(body)));
          const answers = bodies.map((_, index) => frame(Buffer.from(`answer ${index + 1}`)));
          expect(written).toEqual(Buffer.concat(answers));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('passes over what is beyond 4097 bytes of a frame, and goes on after it', async () => {
    const long = frame(Buffer.alloc(100_000, 1));
    const bytes = Buffer.concat([long, frame(Buffer.from('next'))]);
    const cut = Array.from({ length: 4 }, (_, index) => bytes.subarray(index * 30_000, (index + 1) * 30_000));
    for (const chunks of [[bytes], cut]) {
      const { asked } = await serve(chunks);
      expect(asked.map(({ length }) => length)).toEqual([4097, 4]);
      expect(asked[1]).toEqual(Buffer.from('next'));
    }
  });

  test('ends the connection at a frame above 1 MiB, without answering', async () => {
    const { asked, written, end } = await serve([frame(Buffer.alloc(8), 1024 * 1024 + 1)]);
    expect({ asked, length: written.length, end }).toEqual({ asked: [], length: 0, end: 'abused' });
  });

  test('asks one at a time, and reads no further while an answer is awaited', async () => {
    const server = net.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    let running = 0;
    let most = 0;
    let handled = 0;
    const done = serveFrames(socket, async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      handled += 1;
      return Buffer.alloc(10);
    });
    for (let index = 0; index < 10; index += 1) client.write(frame(Buffer.alloc(100)));
    client.resume();
    while (handled < 10) await sleep(5);
    client.end();
    expect(await done).toBe('closed');
    expect(most).toBe(1);
    server.close();
  });
});
