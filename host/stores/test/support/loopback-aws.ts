// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request of an AWS JSON protocol, as it came. */
export interface AwsRequest {
  /** `GetItem`, … */
  readonly operation: string;
  readonly body: Record<string, unknown>;
}

/** An answer; an error by its name, as the service writes it; or none: `lost` ends the connection, `silent` does not. */
export type Reply =
  | { readonly ok: object }
  | { readonly error: string; readonly status?: number; readonly members?: object }
  | 'lost'
  | 'silent';

/** A server on loopback that answers as it is told, in the shapes that AWS's services have. */
export class LoopbackAws {
  readonly requests: AwsRequest[] = [];
  /** What a request is answered. `nth`: how many of its operation came before. */
  answer: (request: AwsRequest, nth: number) => Reply | Promise<Reply> = () => ({ ok: {} });
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const operation = String(request.headers['x-amz-target']).split('.').pop() ?? '';
      const one = { operation, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
      const nth = this.requests.filter((other) => other.operation === operation).length;
      this.requests.push(one);
      const reply = await this.answer(one, nth);
      if (reply === 'silent') return;
      if (reply === 'lost') {
        request.socket.destroy();
        return;
      }
      const failed = 'error' in reply;
      response.writeHead(failed ? (reply.status ?? 400) : 200, {
        'content-type': 'application/x-amz-json-1.0',
      });
      response.end(
        JSON.stringify(failed ? { __type: `com.amazonaws#${reply.error}`, ...reply.members } : reply.ok),
      );
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get place() {
    const { port } = this.#server.address() as AddressInfo;
    return {
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
    };
  }

  /** Bodies of the requests of one operation. */
  bodies(operation: string): Record<string, unknown>[] {
    return this.requests.filter((one) => one.operation === operation).map(({ body }) => body);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
