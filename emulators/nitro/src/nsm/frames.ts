// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { MAX_REQUEST } from './requests.ts';

/** Bytes of the length before each frame: u32, big-endian. */
const HEAD = 4;
/** A frame that says it is longer ends the connection: nobody who means well sends it. */
const MAX_SKIPPED = 1024 * 1024;

/** Why the connection ended. `abused`: a frame beyond all limits. */
export type FramesEnd = 'closed' | 'abused';

/**
 * Carries requests to `handle` and its answers back, one at a time and in order, each as u32 big-endian length and
 * bytes. Reading waits for the answer before, so a program cannot fill this process with requests. A frame above
 * 4096 bytes is passed over without being kept: `handle` sees its first 4097 bytes and refuses them.
 */
export async function serveFrames(
  stream: Duplex,
  handle: (request: Uint8Array) => Promise<Buffer>,
): Promise<FramesEnd> {
  let held: Buffer = Buffer.alloc(0);
  let skip = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const passed = Math.min(skip, chunk.length);
      skip -= passed;
      held = Buffer.concat([held, chunk.subarray(passed)]);
      while (held.length >= HEAD) {
        const length = held.readUInt32BE(0);
        if (length > MAX_SKIPPED) return 'abused';
        const kept = Math.min(length, MAX_REQUEST + 1);
        if (held.length < HEAD + kept) break;
        const request = held.subarray(HEAD, HEAD + kept);
        const rest = Math.min(length, held.length - HEAD);
        skip = length - rest;
        held = held.subarray(HEAD + rest);
        await send(stream, await handle(request));
      }
    }
  } catch {
    // The program is gone in the middle of an exchange; so is the connection.
  } finally {
    stream.destroy();
  }
  return 'closed';
}

async function send(stream: Duplex, body: Buffer): Promise<void> {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(body.length);
  if (!stream.write(Buffer.concat([head, body])) && !stream.destroyed) {
    await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
  }
}
