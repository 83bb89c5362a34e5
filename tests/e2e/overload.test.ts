// SPDX-License-Identifier: Apache-2.0
/** More at once than there are places for: what callers are told, and that nothing is broken afterwards. */

import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, LocalVault } from '../support/local-vault.ts';

/** One caller's expressions have 8 places, an enclave has 32: so 8 or 32 a second are done, and nobody waits for more than five seconds. */
const FLOOD = 400;

let vault: LocalVault;
let path: string;
beforeAll(async () => {
  // KMS takes its time, as across a network: what waits for it holds its place in the enclave.
  vault = await LocalVault.start({ args: ['--kms-latency', '1000'] });
  const { json } = await vault.call('POST', '/v1/vaults', { dob: '1985-12-10' });
  path = `/v1/vaults/${json.id}/decrypt`;
});
afterAll(() => vault.stop());

const flood = (body: object): Promise<Answer[]> =>
  Promise.all(Array.from({ length: FLOOD }, () => vault.call('POST', path, { reason: 'flood', ...body })));

interface EnclaveFacts {
  readonly starts: number;
  readonly state: string;
}
const enclaves = (): Promise<EnclaveFacts[]> =>
  new Promise((resolve, reject) => {
    const socketPath = join(dirname(vault.running.control), 'parent.sock');
    request({ socketPath, path: '/enclaves' }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        resolve(
          (JSON.parse(Buffer.concat(chunks).toString('utf8')) as { enclaves: EnclaveFacts[] }).enclaves,
        );
      });
    })
      .on('error', reject)
      .end();
  });

test.each([
  [
    'expressions, by the caller’s share of the enclave’s threads',
    { expressions: { adult: 'date(dob).age() >= 18' }, fresh: true },
  ],
  // From KMS each: out of memory an enclave opens one record as fast as an API can ask.
  ['fields, by the enclave’s places', { fields: ['dob'], fresh: true }],
])(
  'too many decryptions at once of %s are answered or refused with 503 and Retry-After, and with nothing else',
  async (_what, body) => {
    const answers = await flood(body);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, headers, json } of refused) {
      expect(status).toBe(503);
      const refused = [
        'busy',
        'overloaded',
        'timed_out',
        'audit_busy',
        'kms_unavailable',
        'enclave_unavailable',
      ];
      expect(refused).toContain(json.code);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('content-type')).toContain('application/problem+json');
    }
    // Some were served all the while, and some were not: else this was no flood.
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThan(0);
  },
);

test('afterwards every request is served as before, by the same enclave', async () => {
  for (let i = 0; i < 10; i++) {
    const { status, json } = await vault.call('POST', path, { fields: ['dob'], reason: 'after the flood' });
    expect([status, json.data]).toEqual([200, { dob: '1985-12-10' }]);
  }
  expect(await enclaves()).toMatchObject([{ starts: 1, state: 'healthy' }]);
  expect(vault.logged('process_died')).toEqual([]);
  const metrics = (await vault.call('GET', '/metrics')).text;
  expect(metrics).toContain('enclave_vault_http_requests_in_flight 1\n');
});
