// SPDX-License-Identifier: Apache-2.0
import { chmod, unlink } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import type { RunEnclaveOptions } from './descriptions.ts';
import { NitroError } from './errors.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { Log } from './log.ts';

/** Bytes. */
const MAX_BODY = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const CLOSE_MS = 500;

type Body = Readonly<Record<string, unknown>>;
type Route = (hypervisor: Hypervisor, body: Body) => Promise<unknown>;

/** nitro-cli's commands, each with the arguments that it takes. */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['POST /run-enclave', async (hypervisor, body) => hypervisor.runEnclave(runOptions(body))],
  ['GET /describe-enclaves', async (hypervisor) => hypervisor.describeEnclaves()],
  [
    'POST /terminate-enclave',
    async (hypervisor, body) => {
      only(body, ['enclave_id']);
      return hypervisor.terminateEnclave(text(body, 'enclave_id'));
    },
  ],
  [
    'POST /measure',
    async (hypervisor, body) => {
      only(body, ['image']);
      return hypervisor.measure(text(body, 'image'));
    },
  ],
]);

export interface ControlServer {
  close(): Promise<void>;
}

/**
 * Serves the control API on a unix socket that its owner alone may connect to. A socket that nobody answers on any
 * more is replaced.
 *
 * @throws NitroError `control_socket_in_use`
 */
export async function serveControl(hypervisor: Hypervisor, path: string, log: Log): Promise<ControlServer> {
  if (await answers(path))
    throw new NitroError('control_socket_in_use', 'another hypervisor has this socket');
  await unlink(path).catch(() => undefined);
  const server = http.createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    respond(hypervisor, request, response).catch((error: unknown) => {
      const known = error instanceof NitroError ? error : new NitroError('boot_failed', 'internal error');
      log('warn', 'control_refused', { url: request.url, code: known.code, message: known.message });
      const { code, cliCode, message } = known;
      send(response, known.status, { error: code, code: cliCode, message: `[ ${cliCode} ] ${message}` });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref();
      }),
  };
}

async function respond(
  hypervisor: Hypervisor,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const route = ROUTES.get(`${request.method} ${request.url}`);
  if (route === undefined) throw new NitroError('invalid_command', 'no such command');
  const body = request.method === 'GET' ? {} : parse(await read(request));
  send(response, 200, await route(hypervisor, body));
}

function send(response: http.ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function read(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new NitroError('malformed_request', 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Buffer): Body {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new NitroError('malformed_request', 'the body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new NitroError('malformed_request', 'the body is not an object');
  }
  return body as Body;
}

function runOptions(body: Body): RunEnclaveOptions {
  only(body, ['image', 'name', 'cpu_count', 'memory_mib', 'debug_mode']);
  const { debug_mode: debugMode = false } = body;
  if (typeof debugMode !== 'boolean') throw new NitroError('invalid_argument', 'debug_mode');
  return {
    image: text(body, 'image'),
    ...(body.name === undefined ? {} : { name: text(body, 'name') }),
    cpuCount: positive(body, 'cpu_count'),
    memoryMib: positive(body, 'memory_mib'),
    debugMode,
  };
}

function only(body: Body, known: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new NitroError('invalid_argument', 'an argument that is not known');
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (value === undefined) throw new NitroError('missing_argument', name);
  if (typeof value !== 'string' || value === '') throw new NitroError('invalid_argument', name);
  return value;
}

function positive(body: Body, name: string): number {
  const value = body[name];
  if (value === undefined) throw new NitroError('missing_argument', name);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2 ** 31) {
    throw new NitroError('invalid_argument', name);
  }
  return value;
}

async function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
