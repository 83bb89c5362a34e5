// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { encodeErrorAnswer, type Refusal } from '@enclave-vault/protocol';
import { Refused } from '../errors.ts';
import type { Call, Reply } from '../ports.ts';

/** HTTP status of each refusal (protocol's SPEC.md, "HTTP"). */
const STATUS: Readonly<Record<Refusal, number>> = {
  malformed: 400,
  unauthenticated: 403,
  kms_denied: 403,
  not_found: 404,
  repeated: 409,
  expired: 409,
  no_configuration: 409,
  too_large: 413,
  internal: 500,
  busy: 503,
  kms_unavailable: 503,
  timed_out: 504,
};

const RETRY_AFTER_SECONDS = '1';

/**
 * HTTP/1.1 for the one peer there is, the parent. It is not trusted: sizes and times are bounded, and what a call may do is
 * decided elsewhere.
 * @param peerOf Call's `peer`; throws for a connection that is gone
 */
export function createHttpServer(
  handle: (call: Call) => Promise<Reply>,
  peerOf: (socket: Socket) => number = () => 0,
): Server {
  const server = createServer(
    {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5_000,
      // Above the longest wait for a place and the time for a body: this ends whoever does not even send after that.
      requestTimeout: 40_000,
      connectionsCheckingInterval: 1_000,
      // Longer than a parent keeps an idle connection, so that it is the parent who closes it.
      keepAliveTimeout: 120_000,
      requireHostHeader: false,
    },
    (request, response) => {
      const call: Call = {
        method: request.method ?? '',
        path: request.url ?? '',
        // Asked when it is needed: a connection may be gone by now, and that is nobody's business but the call's.
        get peer() {
          return peerOf(request.socket);
        },
        whenGone: (action) => request.once('close', action),
        body: (maxBytes, timeoutMs) => readBody(request, maxBytes, timeoutMs),
      };
      handle(call).then(
        (reply) => write(response, reply),
        () => response.destroy(),
      );
    },
  );
  server.maxConnections = 256;
  return server;
}

/** @throws Refused `too_large`, `timed_out`, `malformed` */
function readBody(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => refuse('timed_out'), timeoutMs);

    function refuse(code: Refusal): void {
      clearTimeout(timer);
      // The rest flows to nowhere. To close on a peer that still writes would cost him the answer.
      request.removeAllListeners('data').resume();
      reject(new Refused(code));
    }

    // Of a connection that broke while the call waited nothing comes any more, no event either.
    if (request.destroyed) return refuse('malformed');
    // A declared size is believed when it is too large; otherwise the bytes are counted.
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return refuse('too_large');
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) refuse('too_large');
      else chunks.push(chunk);
    });
    request.on('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks, size));
    });
    request.on('error', () => refuse('malformed'));
    // Every request is closed in the end; of one that was read there is nothing left to refuse, and an error costs its stack.
    request.on('close', () => {
      if (!request.readableEnded) refuse('malformed');
    });
  });
}

function write(response: ServerResponse, reply: Reply): void {
  if (reply.kind === 'empty') response.writeHead(204).end();
  else if (reply.kind === 'bytes') send(response, 200, reply.type, reply.body);
  else {
    const { code } = reply;
    if (STATUS[code] === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
    send(response, STATUS[code], 'application/cbor', encodeErrorAnswer(code));
  }
}

function send(response: ServerResponse, status: number, type: string, body: Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}
