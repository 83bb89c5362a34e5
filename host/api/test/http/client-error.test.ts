// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, problemCode, RawConnection } from '../../../../tests/support/raw-http.ts';
import { until } from '../batch/gate.ts';
import { type Api, startApi } from '../harness.ts';

let api: Api;
let port: number;
beforeAll(async () => {
  api = await startApi();
  port = await api.listen();
});
afterAll(() => api.stop());

const HEAD = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${api.admin}\r\n`;
const told = () => api.logged.filter(({ event }) => /^(?:not_a_request|request_cut_off)$/.test(event));

describe('a connection that ends within a request', () => {
  test.each([
    ['the head of a request', () => 'POST /v1/vaults HTTP/1.1\r\nHost: loc'],
    [
      'a body',
      () => `${HEAD('/v1/vaults')}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"fields":`,
    ],
    [
      'a stream that was not answered yet, as that of a killed import',
      () =>
        `${HEAD('/v1/vaults:batch')}Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"fie`,
    ],
  ])('is no bad request in the log: within %s', async (_what, bytes) => {
    const before = told().length;
    const connection = new RawConnection(port);
    connection.write(bytes());
    connection.socket.end();
    await connection.closed;
    await until(() => told().length > before);
    expect(told().slice(before)).toEqual([{ level: 'info', event: 'request_cut_off', fields: {} }]);
  });

  test('is told apart from what is no HTTP, which is named by its code and answered', async () => {
    const before = told().length;
    const answer = await exchange(port, 30_000, 'nonsense\r\n\r\n');
    expect(problemCode(answer)).toBe('request_invalid');
    expect(told().slice(before)).toEqual([
      { level: 'warn', event: 'not_a_request', fields: { code: 'request_invalid' } },
    ]);
  });
});
