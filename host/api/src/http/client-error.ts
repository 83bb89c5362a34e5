// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AppOptions } from '../options.ts';
import { REQUEST_ID_HEADER, RESPONSE_HEADERS } from './headers.ts';
import { PROBLEM_TYPE, toProblem } from './problems.ts';

/** What Node says of a connection that ended within a request: a client that was killed, a network that failed. */
const CUT_OFF: ReadonlySet<unknown> = new Set(['HPE_INVALID_EOF_STATE', 'ECONNRESET', 'EPIPE']);

/**
 * Answers what never became a request: broken framing, headers too large, requests that do not arrive in time.
 * The connection is closed, since where the next request would begin is not known (RFC 9112 section 9.6).
 * The log has it, unless a response was under way: then that one's own line says how it ended.
 */
export function answerClientError(error: Error, socket: Socket, log: AppOptions['log']): void {
  // A response may be under way: a second one would be read as a part of it.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const { problem, headers } = toProblem(error, `req_${randomUUID()}`);
  const body = JSON.stringify(problem);
  const lines = Object.entries({
    ...RESPONSE_HEADERS,
    ...headers,
    [REQUEST_ID_HEADER]: problem.request_id,
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`);
  // Whoever sends on without end is not waited for.
  setTimeout(() => socket.destroy(), 1_000).unref();
  // What ended too soon was no bad request: whoever looks for attacks looks at those.
  if ('code' in error && CUT_OFF.has(error.code)) log('info', 'request_cut_off');
  else log('warn', 'not_a_request', { code: problem.code });
}
