// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { NetworkConfig } from './config.ts';
import type { Answer, IncomingCall } from './dispatch.ts';
import { KmsError } from './errors.ts';

/** The largest request has an attestation document of 256 KiB: with base64 and JSON around it, 350 KiB. */
const MAX_BODY = 512 * 1024;

export interface ServerOptions {
  /** PEM */
  readonly certificate: string;
  /** PEM */
  readonly privateKey: string;
  readonly network: NetworkConfig | null;
  readonly latencyMs: number;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly handle: (call: IncomingCall) => Promise<Answer>;
}

/** An HTTPS server that speaks AWS JSON 1.1; not listening yet. */
export function createKmsServer(options: ServerOptions): Server {
  const server = createServer(
    {
      cert: options.certificate,
      key: options.privateKey,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 10_000,
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 65_000,
      // Small answers must not wait for more to send.
      noDelay: true,
    },
    (request, response) => {
      void serve(options, server, request, response);
    },
  );
  return server;
}

async function serve(
  options: ServerOptions,
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  let answer: Answer;
  try {
    const body = await readBody(request);
    answer = await options.handle({
      requestId,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: headersOf(request),
      body,
      network: options.network,
      sourceAddress: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    });
  } catch (error) {
    if (!(error instanceof KmsError)) {
      // The caller went away in the middle of its request.
      request.socket.destroy();
      return;
    }
    // The rest of the body is not read: the connection is of no more use.
    response.setHeader('Connection', 'close');
    answer = { status: error.status, body: { __type: error.code, message: error.message } };
  }
  if (options.latencyMs > 0) await delay(options.latencyMs);
  if (!server.listening) response.setHeader('Connection', 'close');
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    // SDKs set their clock by it, and sign by that.
    Date: new Date(options.clock()).toUTCString(),
    'Content-Type': 'application/x-amz-json-1.1',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-cache, no-store, must-revalidate, private',
    'x-amzn-RequestId': requestId,
  });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) {
      throw new KmsError('RequestEntityTooLargeException', 'The request is larger than 512 KiB.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** All values of each header: Node's own map drops or joins repeated ones, and a signature is over what was sent. */
function headersOf(request: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  const raw = request.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}
