// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { NsmError } from '../errors.ts';

/** Sizes of the device (design, "NSM device"), and how long it may take. */
const MAX_REQUEST_BYTES = 4_096;
const MAX_RESPONSE_BYTES = 12_288;
const TIMEOUT_MS = 5_000;
const PREFIX_BYTES = 4;

/** One request to the module and its response: CBOR both, as on the device. Where there is a /dev/nsm this is an ioctl. */
export type NsmExchange = (request: Buffer) => Promise<Buffer>;

interface Waiting {
  readonly resolve: (response: Buffer) => void;
  readonly reject: (error: NsmError) => void;
}

/**
 * Speaks to a module over a stream: frames of a u32 big-endian length and that many bytes, one request at a time. After
 * anything unexpected there is no telling which response belongs to what, so the channel is closed for good.
 * @param onLost called once, when no further exchange can succeed
 */
export function nsmChannel(stream: Duplex, onLost: () => void): NsmExchange {
  let received: Buffer = Buffer.alloc(0);
  let waiting: Waiting | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let lost = false;

  function lose(): void {
    if (lost) return;
    lost = true;
    stream.destroy();
    waiting?.reject(new NsmError('nsm_lost'));
    waiting = null;
    onLost();
  }

  stream.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < PREFIX_BYTES) return;
    const length = received.readUInt32BE(0);
    const end = PREFIX_BYTES + length;
    // Nothing is asked while a response is out, so there is nothing behind it either.
    if (waiting === null || length > MAX_RESPONSE_BYTES || received.length > end) return lose();
    if (received.length < end) return;
    const { resolve } = waiting;
    waiting = null;
    resolve(received.subarray(PREFIX_BYTES, end));
    received = Buffer.alloc(0);
  });
  stream.on('error', lose);
  stream.on('end', lose);
  stream.on('close', lose);

  function exchange(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (lost) return reject(new NsmError('nsm_lost'));
      const timer = setTimeout(lose, TIMEOUT_MS);
      waiting = {
        resolve: (response) => {
          clearTimeout(timer);
          resolve(response);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const prefix = Buffer.alloc(PREFIX_BYTES);
      prefix.writeUInt32BE(request.length);
      stream.write(Buffer.concat([prefix, request]));
    });
  }

  return (request) => {
    if (request.length > MAX_REQUEST_BYTES) return Promise.reject(new NsmError('nsm_request_too_large'));
    const turn = last.then(() => exchange(request));
    last = turn.catch(() => undefined);
    return turn;
  };
}
