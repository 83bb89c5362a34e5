// SPDX-License-Identifier: Apache-2.0
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectVsock, listenVsock, VMADDR_CID_ANY, VMADDR_CID_LOCAL } from '@enclave-vault/linux/vsock';

const PORT = 5000;
const RELAY_PORT = 8000;

/** Connections to the enclave, kept as a parent keeps them. */
class VsockAgent extends Agent {
  override createConnection(_: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    connectVsock({ cid: VMADDR_CID_LOCAL, port: PORT, timeoutMs: 15_000 }).then(
      (socket) => callback?.(null, socket),
      (error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Caller = (method: string, path: string, body?: Uint8Array) => Promise<Answer>;

/** Calls whoever the agent, or the unix socket, connects to. */
function caller(target: { agent: Agent; socketPath?: string }): Caller {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request({ ...target, method, path, timeout: 60_000 }, async (answer) => {
        const chunks: Buffer[] = [];
        try {
          for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks),
          });
        } catch (error) {
          reject(error);
        }
      });
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.end(body);
    });
}

export const vsockCaller = (): Caller =>
  caller({ agent: new VsockAgent({ keepAlive: true, scheduling: 'lifo' }) });

export const unixCaller = (socketPath: string): Caller =>
  caller({ agent: new Agent({ keepAlive: true, scheduling: 'lifo' }), socketPath });

/** A byte relay to KMS at the port where an enclave looks for one. @returns what ends it */
export async function startVsockRelay(port: number): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          inner.destroy();
          outer.destroy();
          sockets.delete(socket);
        });
    }
    inner.pipe(outer).pipe(inner);
  });
  await listenVsock(server, { cid: VMADDR_CID_ANY, port: RELAY_PORT });
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  };
}
