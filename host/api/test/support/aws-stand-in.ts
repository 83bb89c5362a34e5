// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError, TableStandIn } from './table-stand-in.ts';

/** DynamoDB with one table and CloudWatch Logs, in this process. */
export interface AwsStandIn {
  readonly endpoint: string;
  /** Operations asked for since it was last emptied, in their order. */
  readonly calls: string[];
  /** Lines of the log group. */
  readonly heads: string[];
  close(): Promise<void>;
}

export async function startAwsStandIn(): Promise<AwsStandIn> {
  const table = new TableStandIn();
  const calls: string[] = [];
  const heads: string[] = [];
  const answer = (target: string, input: Record<string, unknown>): object => {
    const [service = '', operation = ''] = target.split('.');
    calls.push(operation);
    if (service.startsWith('DynamoDB')) return table.call(operation, input);
    if (operation === 'PutLogEvents') {
      for (const { message } of input.logEvents as { message: string }[]) heads.push(message);
    }
    return {};
  };
  const server = createServer(async (request, response) => {
    let status = 200;
    let body: object;
    try {
      const input = JSON.parse(await read(request)) as Record<string, unknown>;
      body = answer(String(request.headers['x-amz-target']), input);
    } catch (error) {
      status = 400;
      body =
        error instanceof ServiceError ? { __type: error.type, ...error.more } : { __type: 'InternalFailure' };
    }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    heads,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
