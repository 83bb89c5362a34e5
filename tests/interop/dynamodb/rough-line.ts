// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What becomes of a write. `lost`: the service carries it out, and the caller sees his connection end. `conflict`: the service
 * answers that another transaction was in the way, as DynamoDB does under load and DynamoDB Local never, and does nothing.
 */
export type Fate = 'passes' | 'lost' | 'conflict';

export interface RoughLine {
  readonly endpoint: string;
  /** How many writes had a fate. */
  readonly count: Readonly<Record<Fate, number>>;
  stop(): Promise<void>;
}

/**
 * A line to DynamoDB Local on which writes have a fate.
 * @param fateOf of the nth write, from 0
 */
export async function roughLine(target: string, fateOf: (nth: number) => Fate): Promise<RoughLine> {
  const { hostname, port } = new URL(target);
  const count = { passes: 0, lost: 0, conflict: 0 };
  let writes = 0;
  const server = createServer((incoming, outgoing) => {
    let fate: Fate = 'passes';
    if (String(incoming.headers['x-amz-target']).endsWith('.TransactWriteItems')) {
      fate = fateOf(writes);
      writes += 1;
      count[fate] += 1;
    }
    if (fate === 'conflict') void refuse(incoming, outgoing);
    else pass(incoming, outgoing, fate === 'lost');
  });

  function pass(incoming: IncomingMessage, outgoing: ServerResponse, lose: boolean): void {
    const { method, url: path, headers } = incoming;
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      if (lose) {
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => incoming.socket.destroy());
    incoming.pipe(passed);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** API Reference, TransactionCanceledException: a reason for each operation, here the last one's. */
async function refuse(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { TransactItems } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { TransactItems: object[] };
  const reasons = TransactItems.map((_, index) =>
    index + 1 < TransactItems.length
      ? { Code: 'None' }
      : { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' },
  );
  outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
  outgoing.end(
    JSON.stringify({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      CancellationReasons: reasons,
    }),
  );
}
