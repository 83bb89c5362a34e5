// SPDX-License-Identifier: Apache-2.0
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy {
  readonly endpoint: string;
  /** Answers that were lost. */
  readonly lost: () => number;
  stop(): Promise<void>;
}

/**
 * Passes requests on, and loses the answers of some writes: the service has carried them out, and the caller sees its
 * connection end.
 * @param loses says of the nth write, from 0, whether its answer is lost
 */
export async function lossyProxy(target: string, loses: (nth: number) => boolean): Promise<LossyProxy> {
  const { hostname, port } = new URL(target);
  let writes = 0;
  let lost = 0;
  const server = createServer((incoming, outgoing) => {
    const write = String(incoming.headers['x-amz-target']).endsWith('.TransactWriteItems');
    const lose = write && loses(writes);
    if (write) writes += 1;
    const { method, url: path, headers } = incoming;
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      if (lose) {
        lost += 1;
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => incoming.socket.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
